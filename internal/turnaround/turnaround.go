// Package turnaround counts business time: the time of the days that are
// neither a weekend nor a holiday. It reads no clock and no files.
package turnaround

import (
	"slices"
	"time"
)

// Day is the length of a business day. Reviewers live in several time zones, so
// that the whole day counts and not its office hours.
const Day = 24 * time.Hour

// Calendar says which days are business days. Its zero value knows no holidays
// and lives in UTC.
type Calendar struct {
	// Holidays are dates such as "2026-12-25".
	Holidays []string
	// Location is where days begin and end; nil means UTC.
	Location *time.Location
}

// Business reports whether the day of t is a business day.
func (c Calendar) Business(t time.Time) bool {
	t = t.In(c.location())
	weekend := t.Weekday() == time.Saturday || t.Weekday() == time.Sunday
	return !weekend && !slices.Contains(c.Holidays, t.Format(time.DateOnly))
}

// mostDays bounds how far a calendar is counted, in days.
const mostDays = 20 * 366

// Used is the business time between two moments, 0 when to is not after from.
// What is further away than twenty years does not count.
func (c Calendar) Used(from, to time.Time) time.Duration {
	var used time.Duration
	for range mostDays {
		if !from.Before(to) {
			break
		}
		next := c.midnight(from)
		if end := earlier(next, to); c.Business(from) {
			used += end.Sub(from)
		}
		from = next
	}
	return used
}

// Due is the moment at which so much business time has passed since start. When
// none is left it is start itself.
func (c Calendar) Due(start time.Time, left time.Duration) time.Time {
	at := start
	for range mostDays {
		if left <= 0 {
			break
		}
		next := c.midnight(at)
		if c.Business(at) {
			if day := next.Sub(at); left < day {
				return at.Add(left)
			} else {
				left -= day
			}
		}
		at = next
	}
	return at
}

// midnight is the first moment of the day after t.
func (c Calendar) midnight(t time.Time) time.Time {
	y, m, d := t.In(c.location()).Date()
	next := time.Date(y, m, d+1, 0, 0, 0, 0, c.location())
	if !next.After(t) {
		// Where clocks are put forward at midnight there is no such moment, and
		// time.Date may answer with one of the day before.
		next = t.Add(time.Hour)
	}
	return next
}

func (c Calendar) location() *time.Location {
	if c.Location == nil {
		return time.UTC
	}
	return c.Location
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// Percentile is the smallest of some durations that at least so many of a
// hundred do not exceed. durations must not be empty; they are not changed.
func Percentile(durations []time.Duration, percent int) time.Duration {
	sorted := slices.Sorted(slices.Values(durations))
	rank := (len(sorted)*percent + 99) / 100
	return sorted[min(max(rank, 1), len(sorted))-1]
}
