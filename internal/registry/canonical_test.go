package registry

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"github.com/gowebpki/jcs"
)

// TestCanonicalVectors are the examples of RFC 8785: sections 3.2.2 to 3.2.4.
func TestCanonicalVectors(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"3.2.2", `{
  "numbers": [333333333.3333333, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
  "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
  "literals": [null, true, false]
}`, `{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`},
		{"3.2.3", `{
  "\u20ac": "Euro Sign",
  "\r": "Carriage Return",
  "\ufb33": "Hebrew Letter Dalet With Dagesh",
  "1": "One",
  "\ud83d\ude00": "Emoji: Grinning Face",
  "\u0080": "Control",
  "\u00f6": "Latin Small Letter O With Diaeresis"
}`, "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}"},
		{"nested", `[56, {"d": true, "10": null, "1": []}]`, `[56,{"1":[],"10":null,"d":true}]`},
		{"no normalization", `{"Unnormalized Unicode":"A` + "\u030a" + `"}`, `{"Unnormalized Unicode":"A` + "\u030a" + `"}`},
		{"zero", `[-0, 0.0, -0.0e5, 1.0, 100, 1e2]`, `[0,0,0,1,100,100]`},
		{"HTML", `"</script>&"`, `"</script>&"`},
	} {
		got, err := Canonical([]byte(test.in))
		if err != nil || string(got) != test.want {
			t.Errorf("%s:\ngot  %s, %v\nwant %s", test.name, got, err, test.want)
			continue
		}
		again, err := Canonical(got)
		if err != nil || string(again) != string(got) {
			t.Errorf("%s: the canonical form of the canonical form is %s, %v", test.name, again, err)
		}
	}
}

// TestCanonicalNumbers are the samples of RFC 8785, appendix B: doubles by
// their bits. They test the library that writes them.
func TestCanonicalNumbers(t *testing.T) {
	for bits, want := range map[string]string{
		"0000000000000000": "0", "8000000000000000": "0",
		"0000000000000001": "5e-324", "8000000000000001": "-5e-324",
		"7fefffffffffffff": "1.7976931348623157e+308", "ffefffffffffffff": "-1.7976931348623157e+308",
		"4340000000000000": "9007199254740992", "c340000000000000": "-9007199254740992",
		"4430000000000000": "295147905179352830000",
		"44b52d02c7e14af5": "9.999999999999997e+22", "44b52d02c7e14af6": "1e+23", "44b52d02c7e14af7": "1.0000000000000001e+23",
		"444b1ae4d6e2ef4e": "999999999999999700000", "444b1ae4d6e2ef4f": "999999999999999900000", "444b1ae4d6e2ef50": "1e+21",
		"3eb0c6f7a0b5ed8c": "9.999999999999997e-7", "3eb0c6f7a0b5ed8d": "0.000001",
		"41b3de4355555553": "333333333.3333332", "41b3de4355555554": "333333333.33333325", "41b3de4355555555": "333333333.3333333",
		"41b3de4355555556": "333333333.3333334", "41b3de4355555557": "333333333.33333343",
		"becbf647612f3696": "-0.0000033333333333333333", "43143ff3c1cb0959": "1424953923781206.2",
	} {
		raw, err := hex.DecodeString(bits)
		if err != nil {
			t.Fatal(err)
		}
		f := math.Float64frombits(binary.BigEndian.Uint64(raw))
		if got, err := jcs.NumberToJSON(f); err != nil || got != want {
			t.Errorf("%s is %q, %v, want %q", bits, got, err, want)
		}
	}
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if got, err := jcs.NumberToJSON(f); err == nil {
			t.Errorf("%v is %q", f, got)
		}
	}
}

// TestCanonicalRefuses refuses what would come out with another value.
func TestCanonicalRefuses(t *testing.T) {
	for in, want := range map[string]string{
		`{"id": 9007199254740993}`:      `1:8: the number 9007199254740993 at "/id" is not one that JSON readers agree on: a double would make 9007199254740992 of it; write it as a text`,
		`[12345678901234567890]`:        "a double would make 12345678901234567000 of it",
		`[0.1000000000000000055511151]`: "a double would make 0.1 of it",
		`[1e-400]`:                      "1:2:",
		`[1e999]`:                       "1:2:",
		`{"a": 1, "a": 2}`:              `1:10: the key "a" is already in this object`,
		"[\"\xff\"]":                    "1:3:",
		`["\ud800"]`:                    "1:3:",
		`[1,]`:                          "1:3:",
		`[1] x`:                         "1:5:",
		strings.Repeat("[", 100):        "1:",
		`{"id": 1` + strings.Repeat("0", 45) + `}`: "1:8:",
	} {
		got, err := Canonical([]byte(in))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s gives %s, %v, want %q", in, got, err, want)
		}
	}
	for _, in := range []string{`9007199254740992`, `1e22`, `123456789012345680000`, `0.1`, `5e-100`, `-1.5`, `1.7976931348623157e308`} {
		if got, err := Canonical([]byte(in)); err != nil {
			t.Errorf("%s gives %s, %v", in, got, err)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	for _, s := range []string{`{"b":[1.50,-0,"é\u000f"],"a":null}`, `[1e21,1e-7,333333333.33333329]`, `"\ud83d\ude00"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Canonical(data)
		if err != nil {
			return
		}
		again, err := Canonical(got)
		if err != nil || string(again) != string(got) {
			t.Errorf("%q gives %q, and that gives %q, %v", data, got, again, err)
		}
	})
}
