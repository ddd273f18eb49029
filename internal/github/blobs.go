package github

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/karzoun/miniapp-review/internal/pull"
)

// Limits of one GraphQL request for blobs. GitHub cuts the text of larger ones.
const (
	maxQueryBlob  = 400 << 10
	maxQueryBytes = 1 << 20
	maxQueryBlobs = 60
)

// parallel is how many requests are made at the same time at most.
const parallel = 8

// blobs reads the wanted blobs: few of them one by one, more of them many at a
// time. Each is checked against its id, so that no rewriting on the way, and no
// answer to another question, can pass for what was submitted.
func (c *Client) blobs(ctx context.Context, w *wanted) (map[string]pull.Blob, error) {
	out := map[string]pull.Blob{}
	var mu sync.Mutex
	keep := func(id string, data []byte) {
		mu.Lock()
		defer mu.Unlock()
		out[id] = data
	}
	var raw []string
	var batches [][]string
	var batch []string
	bytes := int64(0)
	flush := func() {
		if len(batch) > 0 {
			batches = append(batches, batch)
		}
		batch, bytes = nil, 0
	}
	for _, id := range w.order {
		size := w.sizes[id]
		if size < 0 || size > maxQueryBlob || len(w.order) <= 2 {
			raw = append(raw, id)
			continue
		}
		if bytes+size > maxQueryBytes || len(batch) == maxQueryBlobs {
			flush()
		}
		batch = append(batch, id)
		bytes += size
	}
	flush()
	g, during := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for _, batch := range batches {
		g.Go(func() error {
			texts, err := c.texts(during, batch)
			if err != nil && during.Err() != nil {
				return err
			}
			// What GraphQL does not give, for whatever reason, REST may.
			for id, data := range texts {
				keep(id, data)
			}
			return nil
		})
	}
	one := func(ctx context.Context, id string) func() error {
		return func() error {
			data, err := c.blob(ctx, id)
			if err == nil {
				keep(id, data)
			}
			return err
		}
	}
	for _, id := range raw {
		g.Go(one(during, id))
	}
	if err := g.Wait(); err != nil {
		return out, err
	}
	g, during = errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for _, batch := range batches {
		for _, id := range batch {
			mu.Lock()
			_, have := out[id]
			mu.Unlock()
			if !have {
				g.Go(one(during, id))
			}
		}
	}
	return out, g.Wait()
}

// blob reads one blob as it is.
func (c *Client) blob(ctx context.Context, id string) ([]byte, error) {
	doing := "reading the file " + short(id)
	data, _, err := c.gh.Git.GetBlobRaw(ctx, c.owner, c.name, id)
	if err != nil {
		return nil, c.explain(err, doing)
	}
	if data == nil {
		data = []byte{} // an empty file is there
	}
	if blobID(data) != id {
		return nil, &Error{Reason: Unusable, Doing: doing, Err: fmt.Errorf("the %d bytes that came are not those of this id", len(data))}
	}
	return data, nil
}

// texts reads blobs that are text in one request. Those that are not, or whose
// text is not the very bytes of the blob, are missing in the result.
func (c *Client) texts(ctx context.Context, ids []string) (map[string][]byte, error) {
	var q strings.Builder
	q.WriteString("query($owner:String!,$name:String!){repository(owner:$owner,name:$name){")
	for i, id := range ids {
		fmt.Fprintf(&q, "b%d:object(oid:%q){... on Blob{oid byteSize isBinary isTruncated text}}", i, id)
	}
	q.WriteString("}}")
	type blob struct {
		OID         string  `json:"oid"`
		ByteSize    int64   `json:"byteSize"`
		IsBinary    *bool   `json:"isBinary"`
		IsTruncated bool    `json:"isTruncated"`
		Text        *string `json:"text"`
	}
	var answer struct {
		Repository map[string]*blob `json:"repository"`
	}
	err := c.query(ctx, true, q.String(), map[string]any{"owner": c.owner, "name": c.name}, &answer)
	if err != nil {
		return nil, c.explain(err, fmt.Sprintf("reading %d files", len(ids)))
	}
	out := map[string][]byte{}
	for i, id := range ids {
		b := answer.Repository["b"+strconv.Itoa(i)]
		if b == nil || b.Text == nil {
			continue
		}
		if data := []byte(*b.Text); blobID(data) == id {
			out[id] = data
		}
	}
	return out, nil
}

// blobID returns the Git object id of content. Git's ids are SHA-1; GitHub
// refuses objects that show the known way to make two with one id.
func blobID(data []byte) string {
	h := sha1.New()
	fmt.Fprintf(h, "blob %d\x00", len(data))
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}

// sameText compares what was sent with what GitHub stored: it may trim text and
// change line ends.
func sameText(a, b string) bool {
	clean := func(s string) []byte {
		return bytes.TrimSpace([]byte(strings.ReplaceAll(s, "\r\n", "\n")))
	}
	return bytes.Equal(clean(a), clean(b))
}
