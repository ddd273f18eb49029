// Package githubtest is a GitHub in memory, for tests and for demonstrations.
// It speaks GitHub's REST API and a part of its GraphQL API over HTTP, refuses
// what GitHub refuses, and behaves in the ways that surprise people: remarks
// lose their line when a push changes it, an interrupted review stays pending
// and blocks the next one, patches go missing from long pages.
//
// A world is built in Go, and read and changed with any client of GitHub's API:
//
//	gh := githubtest.Start(t, githubtest.Options{})
//	repo := gh.Repo("acme/definitions", githubtest.Texts(map[string]string{
//		"README.md": "# Definitions\n",
//	}))
//	partner, reviewer := gh.User("partner"), gh.User("reviewer")
//	repo.Permit(reviewer, githubtest.Write)
//
//	fork := repo.Fork(partner)
//	fork.Push("add-acme", partner, githubtest.Files{
//		"definitions/acme/miniapp.json": githubtest.Text("{}\n"),
//		"definitions/acme/link":         githubtest.Symlink("/etc/passwd"),
//	})
//	pull := repo.Open(fork, "add-acme", partner, githubtest.PullSpec{Title: "Add acme"})
//
//	client := github.NewClient(nil).WithAuthToken(repo.ActionsToken(githubtest.Full()))
//	client.BaseURL, _ = url.Parse(gh.URL + "/")
//	// … the code under test …
//
//	pull.Comments()  // what was said
//	pull.Labels()
//	repo.Statuses(pull.Head())
//	gh.Writes()      // which requests asked for a change
//
// Faults are planned for requests to come, by method, path and number:
//
//	gh.Inject(githubtest.When{Method: "POST", Path: "/repos/*/*/pulls/*/reviews"}, githubtest.CutAfter())
//
// With MINIAPP_PEER set, every exchange of a server that Start made is held
// against GitHub's own description of its API, so that this package cannot
// drift from it unseen. The places where that description is wrong itself are
// in one list.
package githubtest
