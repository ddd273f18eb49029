package githubtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/vektah/gqlparser/v2/ast"
)

// description is GitHub's own description of its two APIs.
type description struct {
	rest  *openapi3.T
	graph *ast.Schema
}

// shared loads the description once for each test binary: it takes about a
// second and never changes.
var shared = sync.OnceValues(loadDescription)

// describedBy returns the check of every exchange against GitHub's description.
// Without MINIAPP_PEER it checks nothing.
func describedBy(t TB) func(Exchange) {
	t.Helper()
	if os.Getenv("MINIAPP_PEER") == "" {
		return func(Exchange) {}
	}
	api, err := shared()
	if err != nil {
		t.Fatalf("GitHub's description of its API is needed (npm ci --prefix test/peer): %v", err)
	}
	return func(e Exchange) {
		if err := api.check(e); err != nil {
			t.Errorf("%s %s, answered with %d, is not as GitHub describes it: %v", e.Request.Method, e.Request.URL.Path, e.Status, err)
		}
	}
}

func loadDescription() (*description, error) {
	root, err := moduleRoot()
	if err != nil {
		return nil, err
	}
	packages := filepath.Join(root, "test", "peer", "node_modules", "@octokit")
	data, err := os.ReadFile(filepath.Join(packages, "openapi", "generated", "api.github.com.json"))
	if err != nil {
		return nil, err
	}
	schema, err := os.ReadFile(filepath.Join(packages, "graphql-schema", "schema.graphql"))
	if err != nil {
		return nil, err
	}
	if data, err = onlyServed(data); err != nil {
		return nil, err
	}
	rest, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, fmt.Errorf("loading the OpenAPI description: %w", err)
	}
	graph, err := loadSchema(string(schema))
	if err != nil {
		return nil, fmt.Errorf("loading the GraphQL schema: %w", err)
	}
	return &description{rest, graph}, nil
}

func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil {
			return dir, nil
		}
		if filepath.Dir(dir) == dir {
			return "", fmt.Errorf("no go.mod in or above the working directory")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}

var reference = regexp.MustCompile(`"#/components/([a-z-A-Z]+)/([^"/]+)"`)

// onlyServed cuts the description down to the paths that the server answers and
// what they refer to: a tenth of it, which loads in a tenth of the time.
func onlyServed(data []byte) ([]byte, error) {
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("reading the OpenAPI description: %w", err)
	}
	var paths map[string]json.RawMessage
	var components map[string]map[string]json.RawMessage
	if err := json.Unmarshal(doc["paths"], &paths); err != nil {
		return nil, fmt.Errorf("reading the paths of the description: %w", err)
	}
	if err := json.Unmarshal(doc["components"], &components); err != nil {
		return nil, fmt.Errorf("reading the components of the description: %w", err)
	}
	served := map[string]bool{}
	for _, each := range (*Server)(nil).endpoints() {
		served[each.pattern] = true
	}
	maps.DeleteFunc(paths, func(path string, _ json.RawMessage) bool { return !served[path] })
	var hooks map[string]json.RawMessage
	if err := json.Unmarshal(doc["x-webhooks"], &hooks); err != nil {
		return nil, fmt.Errorf("reading the events of the description: %w", err)
	}
	for name, hook := range hooks {
		if emitted(name) {
			paths[hookPath(name)] = hook // an event is described like a request to the receiver
		}
	}
	kept := map[string]map[string]json.RawMessage{}
	var keep func(raw []byte)
	keep = func(raw []byte) {
		for _, found := range reference.FindAllSubmatch(raw, -1) {
			kind, name := string(found[1]), string(found[2])
			if _, known := kept[kind][name]; known {
				continue
			}
			if kept[kind] == nil {
				kept[kind] = map[string]json.RawMessage{}
			}
			kept[kind][name] = components[kind][name]
			keep(components[kind][name])
		}
	}
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		keep(paths[path])
	}
	var err error
	for field, value := range map[string]any{"paths": paths, "components": kept} {
		if doc[field], err = json.Marshal(value); err != nil {
			return nil, fmt.Errorf("writing the %s of the description: %w", field, err)
		}
	}
	delete(doc, "x-webhooks")
	return json.Marshal(doc)
}

// check holds one exchange against the description. A request that was refused
// as wrong need not be right.
func (d *description) check(e Exchange) error {
	if e.Pattern == "/graphql" {
		return d.checkGraph(e)
	}
	item := d.rest.Paths.Value(e.Pattern)
	if item == nil || item.GetOperation(e.Request.Method) == nil {
		return fmt.Errorf("%s %s is not described", e.Request.Method, e.Pattern)
	}
	request := e.Request.Clone(context.Background())
	request.Body = io.NopCloser(bytes.NewReader(bodyAsDescribed(e)))
	options := &openapi3filter.Options{
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: !unlisted(e.Status), MultiError: true,
		SkipSettingDefaults: true,
	}
	options.WithCustomSchemaErrorFunc(pointed)
	input := &openapi3filter.RequestValidationInput{
		Request: request, PathParams: e.Params, Options: options,
		Route: &routers.Route{Spec: d.rest, Path: e.Pattern, PathItem: item, Method: request.Method, Operation: item.GetOperation(request.Method)},
	}
	if e.Status < 400 {
		if err := openapi3filter.ValidateRequest(context.Background(), input); err != nil && !excused(e, err) {
			return fmt.Errorf("the request: %w", err)
		}
	}
	response := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: e.Status, Header: e.Header.Clone(), Options: options,
	}
	if strings.Contains(e.Header.Get("Content-Type"), "raw") {
		return nil // bytes of a file, which are asked for by the Accept header
	}
	// The description names its types without parameters.
	response.Header.Set("Content-Type", "application/json")
	response.SetBodyBytes(e.RespBody)
	if err := openapi3filter.ValidateResponse(context.Background(), response); err != nil && !excused(e, err) {
		return fmt.Errorf("the answer: %w", err)
	}
	return nil
}

// pointed words an error by the place in the document, without the schema.
func pointed(err *openapi3.SchemaError) string {
	return fmt.Sprintf("/%s: %s", strings.Join(err.JSONPointer(), "/"), err.Reason)
}

// unlisted are answers that every endpoint may give and only some list.
func unlisted(status int) bool {
	return slices.Contains([]int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusBadRequest}, status)
}
