package turnaround_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/karzoun/miniapp-review/internal/turnaround"
)

// at reads "2026-11-23 12:00" in UTC; that day is a Monday.
func at(t *testing.T, text string) time.Time {
	t.Helper()
	m, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	l, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestUsed(t *testing.T) {
	plain := turnaround.Calendar{}
	christmas := turnaround.Calendar{Holidays: []string{"2026-12-25"}}
	east := turnaround.Calendar{Location: zone(t, "Asia/Ulaanbaatar")} // UTC+8
	for _, c := range []struct {
		name     string
		calendar turnaround.Calendar
		from, to string
		want     time.Duration
	}{
		{"an hour", plain, "2026-11-23 12:00", "2026-11-23 13:00", time.Hour},
		{"nothing", plain, "2026-11-23 12:00", "2026-11-23 12:00", 0},
		{"backwards", plain, "2026-11-23 12:00", "2026-11-22 12:00", 0},
		{"over night", plain, "2026-11-23 12:00", "2026-11-24 12:00", 24 * time.Hour},
		{"over a weekend", plain, "2026-11-27 12:00", "2026-11-30 12:00", 24 * time.Hour},
		{"within a weekend", plain, "2026-11-28 00:00", "2026-11-30 00:00", 0},
		{"over a holiday", christmas, "2026-12-24 12:00", "2026-12-28 12:00", 24 * time.Hour},
		{"weekends are those of the place", east, "2026-11-27 15:00", "2026-11-29 17:00", 2 * time.Hour},
	} {
		if got := c.calendar.Used(at(t, c.from), at(t, c.to)); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestDue(t *testing.T) {
	plain := turnaround.Calendar{}
	for _, c := range []struct {
		name     string
		calendar turnaround.Calendar
		start    string
		left     time.Duration
		want     string
	}{
		{"five days", plain, "2026-11-23 12:00", 5 * turnaround.Day, "2026-11-30 12:00"},
		{"ten days", plain, "2026-11-23 12:00", 10 * turnaround.Day, "2026-12-07 12:00"},
		{"from a weekend", plain, "2026-11-28 09:00", turnaround.Day, "2026-12-01 00:00"},
		{"with a holiday", turnaround.Calendar{Holidays: []string{"2026-11-25"}}, "2026-11-23 12:00", 5 * turnaround.Day, "2026-12-01 12:00"},
		{"nothing left", plain, "2026-11-28 09:00", 0, "2026-11-28 09:00"},
		{"less than nothing left", plain, "2026-11-28 09:00", -time.Hour, "2026-11-28 09:00"},
	} {
		if got := c.calendar.Due(at(t, c.start), c.left); !got.Equal(at(t, c.want)) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestDueAfterUsed checks, for random moments and places, that Due is where the
// time is used up, and that a turn in several parts is as long as one in one.
func TestDueAfterUsed(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	zones := []*time.Location{nil, zone(t, "Europe/Berlin"), zone(t, "America/Santiago"), zone(t, "Pacific/Apia"), zone(t, "Asia/Ulaanbaatar")}
	for range 2000 {
		c := turnaround.Calendar{Location: zones[r.IntN(len(zones))], Holidays: []string{"2026-09-07", "2026-12-25"}}
		start := time.Unix(1767225600+r.Int64N(3*365*86400), 0).UTC()
		left := time.Duration(1+r.IntN(15*86400)) * time.Second
		due := c.Due(start, left)
		if got := c.Used(start, due); got != left {
			t.Fatalf("%v and %v in %v: due %v, by when %v are used", start, left, c.Location, due, got)
		}
		middle := start.Add(time.Duration(r.Int64N(int64(due.Sub(start)) + 1)))
		if got := c.Used(start, middle) + c.Used(middle, due); got != left {
			t.Fatalf("%v, %v, %v in %v: the parts are %v, and not %v", start, middle, due, c.Location, got, left)
		}
	}
}

func TestPercentile(t *testing.T) {
	var list []time.Duration
	for _, h := range []int{5, 3, 1, 4, 2, 10, 9, 8, 7, 6} {
		list = append(list, time.Duration(h)*time.Hour)
	}
	for percent, want := range map[int]int{0: 1, 1: 1, 50: 5, 90: 9, 91: 10, 100: 10} {
		if got := turnaround.Percentile(list, percent); got != time.Duration(want)*time.Hour {
			t.Errorf("%d of a hundred: %v, want %d hours", percent, got, want)
		}
	}
	if list[0] != 5*time.Hour {
		t.Error("Percentile sorted what it was given")
	}
}
