package outbound

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
)

// decode reads the body of an answer, at most limit bytes of what it holds, and
// closes it. When there is more, it returns those bytes and ErrTooLarge.
func decode(resp *http.Response, limit int64) ([]byte, error) {
	defer resp.Body.Close()
	compressed, err := isGzip(resp.Header)
	if err != nil {
		return nil, err
	}
	if !compressed {
		return read(resp.Body, limit)
	}
	resp.Header.Del("Content-Encoding")
	resp.Header.Del("Content-Length")
	// What comes over the wire is bounded too: a file of empty members gives
	// nothing to count, and never ends. No compressor makes a body this much
	// longer.
	wire := &bounded{r: resp.Body, left: limit + limit>>8 + 64<<10}
	z, err := gzip.NewReader(wire)
	if err == io.EOF {
		return nil, nil // an answer without a body, such as 204
	}
	var body []byte
	if err == nil {
		body, err = read(z, limit)
	}
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || isCorrupt(err) {
		err = fail(ErrFailed, "the body of the answer says that it is gzip, and is not")
	}
	return body, err
}

// read reads all of a reader, or limit bytes of it and ErrTooLarge.
func read(r io.Reader, limit int64) ([]byte, error) {
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(r, limit+1))
	if n > limit {
		return b.Bytes()[:limit], fail(ErrTooLarge, "the body of the answer has more than %d bytes", limit)
	}
	return b.Bytes(), err
}

// isGzip reports whether a body is compressed with gzip, the one encoding that
// was asked for.
func isGzip(h http.Header) (bool, error) {
	var encodings []string
	for e := range strings.SplitSeq(strings.Join(h.Values("Content-Encoding"), ","), ",") {
		if e = strings.ToLower(strings.TrimSpace(e)); e != "" && e != "identity" {
			encodings = append(encodings, e)
		}
	}
	if len(encodings) == 0 {
		return false, nil
	}
	if len(encodings) > 1 || encodings[0] != "gzip" && encodings[0] != "x-gzip" {
		return false, fail(ErrFailed, "the body of the answer is compressed in a way that was not asked for: only gzip is")
	}
	return true, nil
}

func isCorrupt(err error) bool {
	var corrupt flate.CorruptInputError
	return errors.As(err, &corrupt)
}

// bounded fails with ErrTooLarge where a reader goes on after left bytes.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fail(ErrTooLarge, "the body of the answer is compressed, and has no end")
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
