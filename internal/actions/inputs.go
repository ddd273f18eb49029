package actions

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/sethvargo/go-githubactions"
)

// Inputs are what a workflow passes to the Action. Each is documented in
// action.yml under the name that is given here.
type Inputs struct {
	// Token is the input token. It is never "".
	Token string
	// MarkerSecret is the input marker-secret, or "".
	MarkerSecret string
	// Bot is the input bot: the account that the token acts as. Its ID is 0 when
	// the input is empty.
	Bot Account
	// DryRun is the input dry-run.
	DryRun bool
	// Task is the input task.
	Task TaskInput
	// AgeIdentity is the input age-identity: the private key that opens test
	// accounts, or "".
	AgeIdentity string
}

// TaskInput is a value of the input task.
type TaskInput string

// The values of the input task.
const (
	TaskReview  TaskInput = "review"
	TaskPublish TaskInput = "publish"
	// TaskQA tries a submission that a comment asks to be tried.
	TaskQA TaskInput = "qa"
)

var botAccount = regexp.MustCompile(`^([A-Za-z0-9_-]{1,100}(?:\[bot\])?):([1-9][0-9]{0,17})$`)

// OutputNames returns the names of all outputs, in the order of action.yml.
func OutputNames() []string {
	return []string{"pull-request", "stage", "status", "errors", "warnings", "merged", "index-digest"}
}

// InputNames returns the names of all inputs, in the order of action.yml.
func InputNames() []string {
	return []string{"token", "bot", "marker-secret", "dry-run", "task", "age-identity"}
}

// ReadInputs reads the inputs from the environment. The error has one line for
// each input that is wrong, and never holds a secret.
func ReadInputs(getenv func(string) string) (Inputs, error) {
	// The library's writers are not used: the delimiter of its outputs is known
	// beforehand, and its log lines can become commands.
	a := githubactions.New(githubactions.WithGetenv(getenv), githubactions.WithWriter(io.Discard))
	in := Inputs{Token: a.GetInput("token"), MarkerSecret: a.GetInput("marker-secret"), AgeIdentity: a.GetInput("age-identity")}
	var problems []error
	if in.Token == "" {
		problems = append(problems, errors.New("the input token is empty: leave it out to use the workflow's own token"))
	}
	if strings.ContainsAny(in.Token, " \t\r\n") {
		problems = append(problems, errors.New("the input token holds white space: pass the secret as it is"))
	}
	if s := in.MarkerSecret; s != "" && len(s) < 16 {
		problems = append(problems, errors.New("the input marker-secret has fewer than 16 characters: use a random one, such as from \"openssl rand -hex 32\""))
	}
	if s := a.GetInput("bot"); s != "" {
		m := botAccount.FindStringSubmatch(s)
		if m == nil {
			problems = append(problems, fmt.Errorf("the input bot is %q: it takes a login and a numeric id, such as \"my-app[bot]:1234567\"", s))
		} else {
			id, err := strconv.ParseInt(m[2], 10, 64)
			in.Bot = Account{ID: id, Login: m[1], Bot: strings.HasSuffix(m[1], "[bot]")}
			problems = append(problems, err)
		}
	}
	switch s := a.GetInput("dry-run"); s {
	case "true":
		in.DryRun = true
	case "", "false":
	default:
		problems = append(problems, fmt.Errorf("the input dry-run is %q: it takes \"true\" or \"false\"", s))
	}
	switch s := TaskInput(a.GetInput("task")); s {
	case "":
		in.Task = TaskReview
	case TaskReview, TaskPublish:
		in.Task = s
	case TaskQA:
		if in.Task = s; in.AgeIdentity == "" {
			problems = append(problems, errors.New("the input age-identity is empty: pass the secret of the environment that holds the private key for test accounts"))
		}
	default:
		problems = append(problems, fmt.Errorf("the input task is %q: it takes \"review\", \"publish\" or \"qa\"", s))
	}
	if in.Task != TaskQA && in.AgeIdentity != "" {
		problems = append(problems, errors.New("the input age-identity is for the task \"qa\" alone: no other run may see the key"))
	}
	return in, errors.Join(problems...)
}

// Run is what the runner says of the run, apart from its event.
type Run struct {
	// EventName and EventPath are what ReadEvent takes.
	EventName, EventPath string
	// Owner and Name are the repository that the workflow runs for.
	Owner, Name string
	// APIURL, GraphQLURL and ServerURL are GitHub's addresses, without a slash at
	// the end. On GitHub Enterprise Server they are the server's.
	APIURL, GraphQLURL, ServerURL string
	// URL is the page of this run, or "" when the runner does not say.
	URL string
}

// ReadRun reads what the runner says of the run from the environment.
func ReadRun(getenv func(string) string) (Run, error) {
	r := Run{EventName: getenv("GITHUB_EVENT_NAME"), EventPath: getenv("GITHUB_EVENT_PATH")}
	repository := getenv("GITHUB_REPOSITORY")
	if repository == "" {
		return Run{}, errors.New("GITHUB_REPOSITORY is not set: run this as a step of a workflow")
	}
	if err := checkName(repository); err != nil {
		return Run{}, fmt.Errorf("GITHUB_REPOSITORY: %w", err)
	}
	r.Owner, r.Name, _ = strings.Cut(repository, "/")
	var err error
	if r.APIURL, err = address(getenv, "GITHUB_API_URL", "https://api.github.com"); err != nil {
		return Run{}, err
	}
	if r.GraphQLURL, err = address(getenv, "GITHUB_GRAPHQL_URL", "https://api.github.com/graphql"); err != nil {
		return Run{}, err
	}
	if r.ServerURL, err = address(getenv, "GITHUB_SERVER_URL", "https://github.com"); err != nil {
		return Run{}, err
	}
	if id := getenv("GITHUB_RUN_ID"); decimalID(id) {
		r.URL = r.ServerURL + "/" + repository + "/actions/runs/" + id
	}
	return r, nil
}

func decimalID(s string) bool {
	n, err := strconv.ParseInt(s, 10, 64)
	return err == nil && n > 0
}

// address reads one of GitHub's addresses.
func address(getenv func(string) string, name, otherwise string) (string, error) {
	s := strings.TrimRight(getenv(name), "/")
	if s == "" {
		return otherwise, nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("%s is %q: expected the address of a GitHub server, such as %q", name, s, otherwise)
	}
	return s, nil
}
