// Package sealed looks at files that are encrypted with age, without any key:
// whether they are what they seem to be, and whom they are encrypted to.
package sealed

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// Why a file is not taken for a sealed one. The words follow the name of the
// file in a message; none repeats anything of the file.
var (
	ErrPlain   = errors.New("is not encrypted with age")
	ErrArmor   = errors.New("starts like a file of age, but its armor is damaged")
	ErrHeader  = errors.New("starts like a file of age, but its header is damaged")
	ErrContent = errors.New("has a header of age, but its content is cut off")
	ErrEmpty   = errors.New("is encrypted with age, but there is nothing in it")
)

const (
	binaryStart = "age-encryption.org/"
	// The content is a nonce, and then chunks that end with a tag each.
	nonceSize, tagSize = 16, 16
)

// File is what can be known of a sealed file.
type File struct {
	// Recipients is the number of keys that open it.
	Recipients int
	// Passphrase says that a passphrase opens it instead of a key.
	Passphrase bool
}

// Read looks at a sealed file, in the binary or in the armored form. The
// content itself cannot be checked without a key. The error is one of the
// package's.
func Read(data []byte) (File, error) {
	if start := bytes.TrimLeft(data, " \t\r\n"); bytes.HasPrefix(start, []byte(armor.Header)) {
		plain, err := io.ReadAll(armor.NewReader(bytes.NewReader(data)))
		if err != nil {
			return File{}, ErrArmor
		}
		data = plain
	} else if !bytes.HasPrefix(data, []byte(binaryStart)) {
		return File{}, ErrPlain
	}
	header, err := age.ExtractHeader(bytes.NewReader(data))
	if err != nil || !bytes.HasPrefix(data, header) {
		return File{}, ErrHeader
	}
	var f File
	for line := range strings.Lines(string(header)) {
		if kind, ok := strings.CutPrefix(line, "-> "); ok {
			f.Recipients++
			f.Passphrase = f.Passphrase || strings.HasPrefix(kind, "scrypt ")
		}
	}
	switch content := len(data) - len(header); {
	case f.Recipients == 0:
		return File{}, ErrHeader
	case content < nonceSize+tagSize:
		return File{}, ErrContent
	case content == nonceSize+tagSize:
		return File{}, ErrEmpty
	}
	return f, nil
}
