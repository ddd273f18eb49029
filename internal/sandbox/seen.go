package sandbox

import "crypto/sha256"

// maxSeen is how many ids an install remembers.
const maxSeen = 10_000

// Seen remembers the ids of the deliveries that an install worked on, the last
// 10,000 of them. Of an id only its hash is kept: who delivers decides how long
// it is. The zero Seen is empty and ready.
type Seen struct {
	ids   map[[sha256.Size]byte]struct{}
	order [][sha256.Size]byte // a ring, once it is full
	next  int                 // the oldest one in it
}

// Add remembers an id, and reports whether it was new.
func (s *Seen) Add(id string) bool {
	sum := sha256.Sum256([]byte(id))
	if _, ok := s.ids[sum]; ok {
		return false
	}
	if s.ids == nil {
		s.ids = map[[sha256.Size]byte]struct{}{}
	}
	s.ids[sum] = struct{}{}
	if len(s.order) < maxSeen {
		s.order = append(s.order, sum)
		return true
	}
	delete(s.ids, s.order[s.next])
	s.order[s.next] = sum
	s.next = (s.next + 1) % maxSeen
	return true
}

// Len returns how many ids are remembered.
func (s *Seen) Len() int { return len(s.ids) }
