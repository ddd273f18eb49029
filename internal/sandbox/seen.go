package sandbox

import "crypto/sha256"

// maxSeen is how many ids an install remembers.
const maxSeen = 10_000

// sum is the hash of an id.
type sum = [sha256.Size]byte

// Seen remembers the ids of the deliveries that an install worked on, the last
// 10,000 of them. Of an id only its hash is kept: who delivers decides how long
// it is. The zero Seen is empty and ready.
type Seen struct {
	ids   map[sum]struct{}
	order []sum // a ring, once it is full
	next  int   // the oldest one in it
}

// Add remembers an id, and reports whether it was new.
func (s *Seen) Add(id string) bool {
	return s.add(sha256.Sum256([]byte(id)))
}

func (s *Seen) add(id sum) bool {
	if _, ok := s.ids[id]; ok {
		return false
	}
	if s.ids == nil {
		s.ids = map[sum]struct{}{}
	}
	s.ids[id] = struct{}{}
	if len(s.order) < maxSeen {
		s.order = append(s.order, id)
		return true
	}
	delete(s.ids, s.order[s.next])
	s.order[s.next] = id
	s.next = (s.next + 1) % maxSeen
	return true
}

// Len returns how many ids are remembered.
func (s *Seen) Len() int { return len(s.ids) }
