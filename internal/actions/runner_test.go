package actions_test

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// This file reads what was written as GitHub's runner does: its rules in their
// own words, not the inverse of the writer.

// command is a workflow command that the runner obeys.
type command struct {
	name       string
	properties map[string]string
	data       string
}

// known are the names of commands. Others are text.
var known = map[string]bool{
	"error": true, "warning": true, "notice": true, "debug": true, "group": true, "endgroup": true, "add-mask": true,
	"add-matcher": true, "remove-matcher": true, "set-output": true, "save-state": true, "set-env": true, "add-path": true,
	"stop-commands": true, "echo": true, "internal-set-repo-path": true,
}

// readLog returns the commands in a log, and the lines that are text.
func readLog(log string) (commands []command, text []string) {
	// The runner reads lines as .NET does: a carriage return ends one too.
	log = strings.ReplaceAll(log, "\r\n", "\n")
	log = strings.TrimSuffix(strings.ReplaceAll(log, "\r", "\n"), "\n")
	for line := range strings.SplitSeq(log, "\n") {
		if c, ok := modern(line); ok {
			commands = append(commands, c)
		} else if c, ok := legacy(line); ok {
			commands = append(commands, c)
		} else {
			text = append(text, line)
		}
	}
	return commands, text
}

// modern reads "::name key=value,key=value::data", after white space.
func modern(line string) (command, bool) {
	line = strings.TrimLeftFunc(line, unicode.IsSpace)
	line, ok := strings.CutPrefix(line, "::")
	if !ok {
		return command{}, false
	}
	head, data, ok := strings.Cut(line, "::")
	if !ok {
		return command{}, false
	}
	name, properties, _ := strings.Cut(head, " ")
	if !known[strings.ToLower(name)] {
		return command{}, false
	}
	c := command{name: strings.ToLower(name), properties: map[string]string{}, data: unescape(data, "%0D", "\r", "%0A", "\n")}
	for pair := range strings.SplitSeq(strings.TrimSpace(properties), ",") {
		if key, value, ok := strings.Cut(pair, "="); ok {
			c.properties[key] = unescape(value, "%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",")
		}
	}
	return c, true
}

// legacy reads "##[name key=value;key=value]data", anywhere in a line.
func legacy(line string) (command, bool) {
	_, line, ok := strings.Cut(line, "##[")
	if !ok {
		return command{}, false
	}
	head, data, ok := strings.Cut(line, "]")
	if !ok {
		return command{}, false
	}
	name, _, _ := strings.Cut(head, " ")
	return command{name: strings.ToLower(name), data: data}, known[strings.ToLower(name)]
}

// unescape undoes escapes; the percent sign comes last.
func unescape(s string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		s = strings.ReplaceAll(s, pairs[i], pairs[i+1])
	}
	return strings.ReplaceAll(s, "%25", "%")
}

// readOutputs returns the outputs in the runner's file, in order, with repeated
// names repeated.
func readOutputs(file string) ([][2]string, error) {
	var out [][2]string
	lines := strings.Split(strings.TrimSuffix(file, "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		if line == "" {
			continue
		}
		equals, here := strings.Index(line, "="), strings.Index(line, "<<")
		switch {
		case here >= 0 && (equals < 0 || here < equals):
			name, delimiter := line[:here], line[here+2:]
			if name == "" || delimiter == "" {
				return nil, fmt.Errorf("wrong line %q", line)
			}
			var value []string
			for i++; ; i++ {
				if i == len(lines) {
					return nil, errors.New("a value without an end")
				}
				// On Windows a line may end with a carriage return too.
				if strings.TrimSuffix(lines[i], "\r") == delimiter {
					break
				}
				value = append(value, lines[i])
			}
			out = append(out, [2]string{name, strings.Join(value, "\n")})
		case equals >= 0:
			out = append(out, [2]string{line[:equals], line[equals+1:]})
		default:
			return nil, fmt.Errorf("wrong line %q", line)
		}
	}
	return out, nil
}
