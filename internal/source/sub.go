package source

import "path"

// Sub returns the tree below a folder of another tree. Like that tree, it may
// be used by several goroutines.
func Sub(t Tree, dir string) Tree {
	if dir = path.Clean(dir); dir == "." {
		return t
	}
	return sub{t, dir}
}

type sub struct {
	tree Tree
	dir  string
}

func (s sub) ReadDir(dir string) ([]Entry, error) { return s.tree.ReadDir(path.Join(s.dir, dir)) }

func (s sub) ReadFile(name string, limit int64) ([]byte, error) {
	return s.tree.ReadFile(path.Join(s.dir, name), limit)
}
