package sandbox

import (
	"cmp"
	"context"
	"fmt"

	"github.com/karzoun/miniapp-review/internal/definition"
	"github.com/karzoun/miniapp-review/internal/finding"
	"github.com/karzoun/miniapp-review/internal/jsondoc"
	"github.com/karzoun/miniapp-review/internal/nearest"
)

// Option is one entry of a dropdown.
type Option struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

// Source fills a dropdown. Ref chooses another field for the values, where the
// source has valueFields; params are what "{{key}}" finds. Both may be empty.
func (m *Machine) Source(ctx context.Context, install *Install, key, ref string, params Values) ([]Option, *Run) {
	var names []string
	for _, src := range m.Definition.Sources {
		if src.Key == key {
			return m.source(ctx, install, src, ref, params)
		}
		names = append(names, src.Key)
	}
	r := m.record(install, "source "+key, m.Definition.Doc.Root.Get("source"))
	f := &Failure{Code: Validation, Message: fmt.Sprintf("there is no source %q", key), Pointer: "/source"}
	if near, ok := nearest.Word(key, names); ok {
		f.Hint = fmt.Sprintf("Perhaps you mean %q.", near)
	}
	r.fail(f)
	return nil, r.done()
}

func (m *Machine) source(ctx context.Context, install *Install, src definition.Source, ref string, params Values) ([]Option, *Run) {
	r := m.record(install, "source "+src.Key, src.Request.Node)
	if !install.Connected {
		r.fail(&Failure{Code: NotInstalled, Message: "the install is not connected", Hint: "Connect first."})
		return nil, r.done()
	}
	s := r.newScope()
	s.input = params
	if m.mayRefresh() {
		r.choose(refreshEverywhere, src.Request.Node)
	}
	a, ok := r.exchange(ctx, "request", src.Request, s, true)
	if !ok {
		return nil, r.done()
	}
	list := a.body
	if src.DataPath == nil {
		r.choose(rootSource, src.Request.Node)
	} else {
		list = r.bare(src.DataPath, a.body)
	}
	if !list.Is(jsondoc.Array) {
		at := src.DataPath
		if at == nil {
			at = src.Request.Node
		}
		r.fail(&Failure{Code: ExternalAPI, Pointer: at.Pointer(), Message: "there is no list where the source looks for it", Hint: "Compare dataPath with the response."})
		return nil, r.done()
	}
	options := r.options(src, ref, list)
	r.run.Output = optionsJSON(options)
	return options, r.done()
}

func (m *Machine) mayRefresh() bool {
	may, _ := m.Definition.Auth.AutoRefresh.Bool()
	return may
}

// options reads the entries of a list. Those without a value are left out.
func (r *recorder) options(src definition.Source, ref string, list *jsondoc.Node) []Option {
	value := src.ValueField
	if ref != "" {
		other := src.Request.Node.Get("valueFields").Get(ref)
		r.choose(sourceRefField, src.Request.Node)
		if other.Is(jsondoc.String) {
			value = other
		} else {
			r.say(finding.Warning, src.Request.Node, "Add it to valueFields.", "the source has no field for the reference %q", ref)
		}
	}
	entry := src.Request.Node // where a field that is not there is reported
	options := []Option{}
	for _, item := range list.Elements() {
		v, okValue := definition.Scalar(r.bare(value, item))
		label, okLabel := definition.Scalar(r.bare(src.LabelField, item))
		if !okValue || !okLabel || v == "" {
			r.say(finding.Warning, cmp.Or(value, entry), "Compare the field with an entry of the response.", "an entry has no text at valueField or labelField, so it is left out")
			continue
		}
		if label == "" {
			r.say(finding.Warning, cmp.Or(src.LabelField, entry), "Name a field that every entry has.", "an entry has no label; its value is shown instead")
			label = v
		}
		options = append(options, Option{v, label})
	}
	if len(options) == 0 {
		r.say(finding.Notice, src.Request.Node, "Look whether the account has any of them.", "the source gives no entry")
	}
	return options
}

// bare follows a path without "$" from a value. A wrong path leads nowhere.
func (r *recorder) bare(at, from *jsondoc.Node) *jsondoc.Node {
	text, ok := at.Str()
	if !ok {
		return nil
	}
	p, err := definition.ParseAnyPath(text)
	if err != nil {
		r.say(finding.Warning, at, "Use only dots and numbers in brackets, as in \"items[0].id\".", "the path %q %v", text, err)
		return nil
	}
	return p.Eval(from)
}

func optionsJSON(options []Option) *jsondoc.Node {
	list := make([]*jsondoc.Node, len(options))
	for i, o := range options {
		list[i] = jsondoc.NewObject(jsondoc.Member{Key: "value", Value: jsondoc.NewString(o.Value)}, jsondoc.Member{Key: "label", Value: jsondoc.NewString(o.Label)})
	}
	return jsondoc.NewArray(list...)
}
