package githubtest

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
)

// loadSchema loads GitHub's schema, which names some fields of a type twice;
// the first of them counts.
func loadSchema(text string) (*ast.Schema, error) {
	doc, err := parser.ParseSchemas(validator.Prelude, &ast.Source{Name: "schema.graphql", Input: text})
	if err != nil {
		return nil, err
	}
	for _, def := range doc.Definitions {
		seen := map[string]bool{}
		def.Fields = slices.DeleteFunc(def.Fields, func(f *ast.FieldDefinition) bool {
			again := seen[f.Name]
			seen[f.Name] = true
			return again
		})
	}
	return validator.ValidateSchemaDocument(doc)
}

// checkGraph holds a query against the schema, and the answer against the types
// of what was asked for. Where there are errors anything may be null.
func (d *description) checkGraph(e Exchange) error {
	var ask graphRequest
	if err := json.Unmarshal(e.ReqBody, &ask); err != nil {
		return fmt.Errorf("the request: %w", err)
	}
	var got struct {
		Data   map[string]any
		Errors []any
	}
	if err := json.Unmarshal(e.RespBody, &got); err != nil {
		return fmt.Errorf("the answer: %w", err)
	}
	doc, wrong := gqlparser.LoadQuery(d.graph, ask.Query)
	if wrong != nil {
		return fmt.Errorf("the query: %w", wrong)
	}
	if got.Data == nil || len(doc.Operations) != 1 {
		return nil // refused as a whole
	}
	check := graphCheck{schema: d.graph, nulls: len(got.Errors) > 0}
	if err := check.object("", doc.Operations[0].SelectionSet, got.Data, true); err != nil {
		return fmt.Errorf("the answer: %w", err)
	}
	return nil
}

type graphCheck struct {
	schema *ast.Schema
	nulls  bool
}

// object checks what was selected of an object. Within fragments, which may be
// for other types, fields may be missing.
func (g graphCheck) object(path string, set ast.SelectionSet, got map[string]any, all bool) error {
	for _, selection := range set {
		var err error
		switch one := selection.(type) {
		case *ast.Field:
			value, has := got[one.Alias]
			switch {
			case has:
				err = g.value(path+"/"+one.Alias, one.Definition.Type, one.SelectionSet, value)
			case all:
				err = fmt.Errorf("%s/%s is missing", path, one.Alias)
			}
		case *ast.InlineFragment:
			err = g.object(path, one.SelectionSet, got, false)
		case *ast.FragmentSpread:
			err = g.object(path, one.Definition.SelectionSet, got, false)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (g graphCheck) value(path string, kind *ast.Type, set ast.SelectionSet, got any) error {
	if got == nil {
		if kind.NonNull && !g.nulls {
			return fmt.Errorf("%s is null and is to be %s", path, kind)
		}
		return nil
	}
	if kind.Elem != nil {
		list, is := got.([]any)
		if !is {
			return fmt.Errorf("%s is %v and is to be %s", path, got, kind)
		}
		for i, each := range list {
			if err := g.value(fmt.Sprint(path, "/", i), kind.Elem, set, each); err != nil {
				return err
			}
		}
		return nil
	}
	if object, is := got.(map[string]any); is && len(set) > 0 {
		return g.object(path, set, object, true)
	}
	if def := g.schema.Types[kind.NamedType]; len(set) > 0 || !fitsScalar(def, got) {
		return fmt.Errorf("%s is %v and is to be %s", path, got, kind)
	}
	return nil
}

func fitsScalar(def *ast.Definition, got any) bool {
	if def.Kind == ast.Enum {
		return slices.ContainsFunc(def.EnumValues, func(v *ast.EnumValueDefinition) bool { return v.Name == got })
	}
	switch n := got.(type) {
	case bool:
		return def.Name == "Boolean"
	case float64:
		return def.Name == "Float" || def.Name == "Int" && n == math.Trunc(n) && math.Abs(n) <= math.MaxInt32
	case string:
		return !slices.Contains([]string{"Boolean", "Float", "Int"}, def.Name)
	}
	return false
}
