package github

import (
	"context"

	gh "github.com/google/go-github/v60/github"
	"golang.org/x/sync/errgroup"
)

// perPage is the most that GitHub gives in one page.
const perPage = 100

// pages reads a list of at most so many pages, in order. The first page tells
// how many there are; the others are then read at the same time. more says that
// there are further pages.
func pages[T any](ctx context.Context, most int, read func(context.Context, gh.ListOptions) ([]T, *gh.Response, error)) (list []T, more bool, err error) {
	list, resp, err := read(ctx, gh.ListOptions{PerPage: perPage})
	if err != nil {
		return nil, false, err
	}
	if last := min(resp.LastPage, most); last > 1 {
		more = resp.LastPage > most
		rest := make([][]T, last-1)
		g, ctx := errgroup.WithContext(ctx)
		g.SetLimit(parallel)
		for i := range rest {
			g.Go(func() (err error) {
				rest[i], _, err = read(ctx, gh.ListOptions{PerPage: perPage, Page: i + 2})
				return err
			})
		}
		err := g.Wait()
		for _, page := range rest {
			list = append(list, page...)
		}
		return list, more, err
	}
	// Some long lists do not say which page is the last.
	for page := 2; resp.NextPage != 0 && resp.LastPage == 0; page++ {
		if page > most {
			return list, true, nil
		}
		var next []T
		if next, resp, err = read(ctx, gh.ListOptions{PerPage: perPage, Page: resp.NextPage}); err != nil {
			return nil, false, err
		}
		list = append(list, next...)
	}
	return list, false, nil
}
