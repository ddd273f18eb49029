package githubtest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// emitted reports whether the server has events of that kind.
func emitted(hook string) bool {
	return hook == "push" || hook == "status" || slices.ContainsFunc([]string{"pull-request-", "issue-comment-"}, func(prefix string) bool {
		return strings.HasPrefix(hook, prefix)
	})
}

func hookPath(hook string) string { return "/webhooks/" + hook }

// checkEvent holds the payload of an event against the description.
func (d *description) checkEvent(e Event) error {
	hook := strings.ReplaceAll(e.Name, "_", "-")
	if e.Action != "" {
		hook += "-" + strings.ReplaceAll(e.Action, "_", "-")
	}
	item := d.rest.Paths.Value(hookPath(hook))
	if item == nil {
		return fmt.Errorf("no event %q is described", hook)
	}
	data, err := json.Marshal(e.Payload)
	if err != nil {
		return err
	}
	var payload any
	if err := json.Unmarshal(data, &payload); err != nil {
		return err
	}
	schema := item.Post.RequestBody.Value.Content.Get("application/json").Schema.Value
	err = schema.VisitJSON(payload, openapi3.MultiErrors(), openapi3.SetSchemaErrorMessageCustomizer(pointed))
	if err != nil {
		return fmt.Errorf("event %q: %w", hook, err)
	}
	return nil
}
