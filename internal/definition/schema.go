package definition

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/xeipuuv/gojsonreference"
	"github.com/xeipuuv/gojsonschema"

	"github.com/karzoun/miniapp-review/internal/jsondoc"
)

//go:embed miniapp.schema.json
var schemaText []byte

// Schema returns the JSON Schema (draft-07) of definitions. It says what a
// definition may look like; it is strict where the platform's documentation is
// definite, and open where it says nothing.
func Schema() []byte { return slices.Clone(schemaText) }

// The two shapes of a handler of sync. The schema has them as a oneOf; which
// one is meant is told by its fields.
const (
	recordHandler   = "recordHandler"
	resourceHandler = "resourceHandler"
)

// Validator holds the schema. It never changes, and may be used by several
// goroutines.
type Validator struct {
	quick  *quick
	fields *fields
	// engine is made when it is asked for the first time: to compile the schema
	// takes as long as checking several valid definitions, which need none.
	engine func() (*engine, error)
}

// engine holds what gojsonschema has compiled.
type engine struct {
	schema   *gojsonschema.Schema
	branches map[string]*gojsonschema.Schema
}

// NewValidator reads the embedded schema.
func NewValidator() (*Validator, error) {
	v := &Validator{engine: sync.OnceValues(newEngine)}
	whole, err := decodeSchema()
	if err != nil {
		return nil, err
	}
	if v.fields, err = readFields(whole); err != nil {
		return nil, err
	}
	if v.quick, err = newQuick(whole); err != nil {
		return nil, fmt.Errorf("reading the schema: %w", err)
	}
	return v, nil
}

// newEngine compiles the embedded schema. No reference leads out of it.
func newEngine() (*engine, error) {
	e := &engine{branches: map[string]*gojsonschema.Schema{}}
	whole, err := decodeSchema()
	if err != nil {
		return nil, err
	}
	if e.schema, err = compile(whole); err != nil {
		return nil, fmt.Errorf("compiling the schema: %w", err)
	}
	for _, name := range []string{recordHandler, resourceHandler} {
		// Compiling rewrites the references in the value that it is given.
		if whole, err = decodeSchema(); err != nil {
			return nil, err
		}
		e.branches[name], err = compile(map[string]any{
			"$schema": whole["$schema"], "definitions": whole["definitions"],
			"allOf": []any{map[string]any{"$ref": "#/definitions/" + name}},
		})
		if err != nil {
			return nil, fmt.Errorf("compiling the schema's %s: %w", name, err)
		}
	}
	return e, nil
}

func decodeSchema() (map[string]any, error) {
	var whole map[string]any
	d := json.NewDecoder(bytes.NewReader(schemaText))
	d.UseNumber() // the library takes no other numbers
	if err := d.Decode(&whole); err != nil {
		return nil, fmt.Errorf("reading the schema: %w", err)
	}
	return whole, nil
}

func compile(schema any) (*gojsonschema.Schema, error) {
	return gojsonschema.NewSchemaLoader().Compile(loader{value: schema})
}

// loader gives gojsonschema a value that is already decoded. Its own loader for
// Go values would write it as JSON and read it again.
type loader struct{ value any }

func (l loader) JsonSource() any                               { return l.value }
func (l loader) LoadJSON() (any, error)                        { return l.value, nil }
func (l loader) LoaderFactory() gojsonschema.JSONLoaderFactory { return closed{} }
func (l loader) JsonReference() (gojsonreference.JsonReference, error) {
	return gojsonreference.NewJsonReference("#")
}

// closed is the factory for everything that a reference names outside of the
// schema: gojsonschema would fetch it over the network.
type closed struct{}

func (closed) New(source string) gojsonschema.JSONLoader { return refused{source} }

type refused struct{ source string }

func (r refused) JsonSource() any { return r.source }
func (r refused) LoadJSON() (any, error) {
	return nil, errors.New("references out of the schema are not followed")
}
func (r refused) LoaderFactory() gojsonschema.JSONLoaderFactory { return closed{} }
func (r refused) JsonReference() (gojsonreference.JsonReference, error) {
	return gojsonreference.NewJsonReference(r.source)
}

// plain makes of a node what encoding/json would, with numbers as json.Number.
func plain(n *jsondoc.Node) any {
	switch n.Kind {
	case jsondoc.Object:
		m := make(map[string]any, len(n.Children))
		for _, c := range n.Children {
			m[c.Key] = plain(c)
		}
		return m
	case jsondoc.Array:
		list := make([]any, len(n.Children))
		for i, c := range n.Children {
			list[i] = plain(c)
		}
		return list
	case jsondoc.String:
		return n.Text()
	case jsondoc.Number:
		return json.Number(n.Literal())
	case jsondoc.Bool:
		b, _ := n.Bool()
		return b
	}
	return nil
}
