package changelog

import (
	"slices"
	"strings"

	"github.com/karzoun/miniapp-review/internal/compat"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/report"
)

// steps returns what tenants have to do after an update, one step for each
// change that breaks them.
func steps(changes []compat.Change) []string {
	var all []string
	told := map[string]bool{}
	for _, c := range changes {
		if c.Impact != compat.Breaking {
			continue
		}
		if step := step(c); !told[step] {
			told[step] = true
			all = append(all, step)
		}
	}
	return all
}

// step returns what tenants have to do about one change that breaks them.
func step(c compat.Change) string {
	was, is := nameOf(c.Base), nameOf(c.Head)
	action := owner(c)
	if strings.HasPrefix(c.ID, "parameter-") || c.ID == "required-default-changed" {
		was, is = parameterOf(c.Base), parameterOf(c.Head)
		if is == "" {
			is = was
		}
	}
	inAction := "In automations that run the action " + report.Code(action) + ", "
	switch c.ID {
	case "action-removed":
		return "Replace the action " + report.Code(was) + " in automations that run it."
	case "action-renamed":
		return "In automations that run the action " + report.Code(was) + ", choose " + report.Code(is) + " instead."
	case "parameter-removed":
		return inAction + "take out the value for " + report.Code(was) + ", which is not used any more."
	case "parameter-renamed":
		return inAction + "move the value for " + report.Code(was) + " to " + report.Code(is) + "."
	case "parameter-required":
		return inAction + "fill in " + report.Code(is) + "."
	case "parameter-type-narrowed", "parameter-enum-narrowed", "parameter-constraint-narrowed", "parameter-check-changed":
		if is == "" {
			return inAction + "see that the values are still accepted."
		}
		return inAction + "see that the value for " + report.Code(is) + " is still accepted."
	case "required-default-changed":
		return inAction + "fill in " + report.Code(is) + " where the old default value is meant."
	case "output-removed", "output-renamed":
		return outputStep(c, action, was, is)
	case "trigger-removed":
		return "Replace the trigger " + report.Code(was) + " in automations that start with it."
	case "trigger-renamed":
		return "In automations that start with the trigger " + report.Code(was) + ", choose " + report.Code(is) + " instead."
	case "panel-removed":
		return "Tell the teams that work with the panel " + report.Code(was) + " that it is gone."
	case "panel-renamed":
		return "Tell the teams that work with the panel " + report.Code(was) + " that it is now called " + report.Code(is) + "."
	}
	if s := plainSteps()[c.ID]; s != "" {
		return s
	}
	return "Look through the automations that use this app."
}

func outputStep(c compat.Change, action, was, is string) string {
	if action == "" {
		return "Connect the account again, so that its details are stored anew."
	}
	use := "In automations that use the value " + report.Code(was) + " of the action " + report.Code(action) + ", "
	if c.ID == "output-renamed" {
		return use + "choose " + report.Code(is) + " instead."
	}
	return use + "do without it."
}

// plainSteps are the steps that name nothing of the definition.
func plainSteps() map[string]string {
	const (
		reconnect = "Connect the account again in the settings of the app."
		enter     = "Open the settings of the app, enter what is newly asked for, and connect the account again."
		choose    = "In automations whose fields offer a list to choose from, choose the values again."
		triggers  = "In automations that start with an event of this app, choose the trigger again."
		records   = "See that the records that this app kept up to date are kept up to date elsewhere."
		again     = "Start the import once more after the update, and delete records that are there twice."
	)
	return map[string]string{
		"trigger-type-changed": triggers, "event-extraction-changed": triggers,
		"source-removed": choose, "source-renamed": choose, "source-value-changed": choose,
		"auth-added": reconnect, "auth-removed": "See that what the app does without your account is what you want.",
		"auth-type-changed": reconnect, "auth-request-removed": reconnect, "credential-replaced": reconnect, "scope-added": reconnect,
		"credential-added": enter, "credential-required": enter,
		"config-key-removed": reconnect, "config-key-renamed": reconnect, "form-field-removed": reconnect, "form-field-renamed": reconnect,
		"host-changed":           enter,
		"webhook-removed":        "Replace automations that start with an event of this app: no event arrives any more.",
		"webhook-part-removed":   triggers,
		"transaction-id-changed": "See that no event was handled twice around the time of the update.",
		"verification-added":     reconnect, "verification-changed": reconnect,
		"code-mapping-changed": again, "resource-type-changed": again, "handler-target-changed": again,
		"record-field-removed": "In automations that use a field of a record which is no longer filled, do without it.",
		"sync-removed":         records, "sync-disabled": records, "resource-removed": records, "handler-removed": records,
		"resource-renamed": "Switch the import on again in the settings of the app.",
		"handler-renamed":  triggers,
	}
}

// nameOf returns the name under which tenants know a node: its own, or that of
// the entry that it is the name of.
func nameOf(n *jsondoc.Node) string {
	if n == nil || n.Parent == nil {
		return ""
	}
	switch {
	case n.Parent.Is(jsondoc.Object):
		return n.Key
	case n.Is(jsondoc.String):
		return n.Text()
	}
	switch n.Parent.Key {
	case "triggers":
		return n.Get("event").Text()
	case "dashboardApps":
		return n.Get("key").Text()
	}
	return n.Get("name").Text() // an action, or an output
}

// owner returns the name of the action that a change is in, at the head if it
// is there.
func owner(c compat.Change) string {
	for _, n := range []*jsondoc.Node{c.Head, c.Base} {
		for ; n != nil; n = n.Parent {
			if list := n.Parent; list.Is(jsondoc.Array) && list.Key == "actions" && list.Parent != nil && list.Parent.Parent == nil {
				return n.Get("name").Text()
			}
		}
	}
	return ""
}

// parameterOf returns the parameter that a node of a schema belongs to, its
// names joined by dots, or "" for the parameters as a whole.
func parameterOf(n *jsondoc.Node) string {
	var path []*jsondoc.Node // from the parameters of the action down
	for ; n != nil && n.Parent != nil && !(n.Key == "parameters" && n.Parent.Parent.Is(jsondoc.Array) && n.Parent.Parent.Key == "actions"); n = n.Parent {
		path = append(path, n)
	}
	slices.Reverse(path)
	var names []string
	for len(path) > 0 {
		switch key := path[0].Key; {
		case key == "properties" && len(path) > 1:
			names = append(names, path[1].Key)
			path = path[2:]
		case key == "required" && len(path) > 1:
			names = append(names, path[1].Text())
			path = nil
		case key == "items" || key == "additionalProperties":
			path = path[1:]
		default: // a keyword
			path = nil
		}
	}
	return strings.Join(names, ".")
}
