package sandbox

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

// installFormat is the version of the form in which installs are written down.
const installFormat = 1

// stored is an install as it is written down. Each value is kept as the JSON
// that it was, since order and digits of what a provider gave must not change.
type stored struct {
	Format      int                        `json:"format"`
	UID         string                     `json:"uid"`
	Connected   bool                       `json:"connected"`
	Credentials map[string]json.RawMessage `json:"credentials"`
	Metadata    map[string]json.RawMessage `json:"metadata"`
	UserInput   map[string]json.RawMessage `json:"user_input"`
	Seen        []string                   `json:"seen"`
	Reach       []string                   `json:"reach,omitempty"`
}

// Encode writes an install down, with its secrets as they are. The same install
// gives the same bytes.
func (i *Install) Encode() ([]byte, error) {
	out, err := json.MarshalIndent(stored{
		Format: installFormat, UID: i.UID, Connected: i.Connected, Credentials: encoded(i.Credentials),
		Metadata: encoded(i.Metadata), UserInput: encoded(i.UserInput), Seen: i.Seen.list(), Reach: i.Reach,
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the install down: %w", err)
	}
	return append(out, '\n'), nil
}

func encoded(v Values) map[string]json.RawMessage {
	m := make(map[string]json.RawMessage, len(v))
	for k, n := range v {
		m[k] = jsondoc.AppendJSON(nil, n)
	}
	return m
}

// DecodeInstall reads what Encode wrote. Anything else is an error, whose text
// has none of the values.
func DecodeInstall(data []byte) (*Install, error) {
	var s stored
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return nil, fmt.Errorf("this is no install: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the install")
	}
	if s.Format != installFormat {
		return nil, fmt.Errorf("the install has the format %d, and this version of miniapp reads format %d", s.Format, installFormat)
	}
	if s.UID == "" {
		return nil, errors.New("the install has no uid")
	}
	i := NewInstall(s.UID)
	i.Connected, i.Reach = s.Connected, s.Reach
	for _, bag := range []struct {
		name string
		from map[string]json.RawMessage
		to   Values
	}{{"credentials", s.Credentials, i.Credentials}, {"metadata", s.Metadata, i.Metadata}, {"user_input", s.UserInput, i.UserInput}} {
		if bag.from == nil {
			return nil, fmt.Errorf("the install has no %s", bag.name)
		}
		for k, raw := range bag.from {
			n, err := definition.ReadBody(raw)
			if err != nil {
				return nil, fmt.Errorf("the value %q of %s cannot be read", k, bag.name)
			}
			bag.to[k] = n
		}
	}
	for _, text := range s.Seen {
		if !i.Seen.addHash(text) {
			return nil, errors.New("seen has something else than the ids of deliveries")
		}
	}
	return i, nil
}

// list returns the hashes of the ids, the oldest first.
func (s *Seen) list() []string {
	list := []string{}
	if s == nil {
		return list
	}
	for n := range s.order {
		list = append(list, hex.EncodeToString(s.order[(s.next+n)%len(s.order)][:]))
	}
	return list
}

// addHash remembers an id by its hash.
func (s *Seen) addHash(text string) bool {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != len(sum{}) {
		return false
	}
	return s.add(sum(raw))
}
