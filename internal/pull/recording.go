package pull

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// MaxRecording is the largest recording that is read, in bytes.
const MaxRecording = 64 << 20

// Encode writes a snapshot as JSON: the same snapshot gives the same bytes.
func (s *Snapshot) Encode() ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(s); err != nil {
		return nil, fmt.Errorf("writing the recording: %w", err)
	}
	return out.Bytes(), nil
}

// Decode reads a recording. It is strict, since a field that is not understood
// would change what the review comes to.
func Decode(data []byte) (*Snapshot, error) {
	if len(data) > MaxRecording {
		return nil, fmt.Errorf("the recording has %d bytes, more than %d", len(data), MaxRecording)
	}
	var kind struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(data, &kind); err != nil {
		return nil, fmt.Errorf("this is no recording of a pull request: %w", err)
	}
	if kind.Version != Version {
		return nil, fmt.Errorf("this is no recording of version %d, but of version %d", Version, kind.Version)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	s := &Snapshot{}
	if err := d.Decode(s); err != nil {
		return nil, fmt.Errorf("reading the recording: %w", err)
	}
	return s, nil
}
