package definition

// AccountKey is a key of the credentials that an account for trying the MiniApp
// can have.
type AccountKey struct {
	Name string
	// Needed says that nothing can be tried without it. What is not needed is
	// there by itself: a default of the definition, an optional field of the
	// form, or what a request of auth stores.
	Needed bool
}

// AccountKeys returns the keys of the credentials that an account can have, in
// the order of the document and each once.
//
// Needed is what the tenant has to supply: fields of the form, and texts of
// auth.config that are empty. Where a request of auth stores a key, that request
// supplies it, unless get_token cannot be made without it. Only OAuth needs a
// person in a browser, so that what get_token stores there is needed too, if any
// request uses it.
func (d *Definition) AccountKeys() []AccountKey {
	used, asked := map[string]bool{}, map[string]bool{}
	for i := range d.parts {
		for _, p := range d.parts[i].Placeholders() {
			used[p.Key] = true
			asked[p.Key] = asked[p.Key] || d.parts[i].Auth == "get_token"
		}
	}
	connects, registers := map[string]bool{}, map[string]bool{}
	for _, s := range d.Auth.Steps() {
		for _, k := range stored(s.Request, FromAuth) {
			switch s.Name {
			case "get_token", "refresh_token":
				connects[k.Name] = true
			case "registrationRequests":
				registers[k.Name] = true
			}
		}
	}
	popup := d.Auth.Type == "oauth2"
	var keys []AccountKey
	at := map[string]int{}
	add := func(name string, needed bool) {
		if _, known := at[name]; known || name == "" {
			return
		}
		at[name] = len(keys)
		keys = append(keys, AccountKey{name, needed})
	}
	for _, k := range d.Auth.CredentialKeys() {
		field := d.Auth.Form.Get(k.Name)
		switch text, isText := k.At.Str(); {
		case registers[k.Name]:
			add(k.Name, false)
		case connects[k.Name] && (popup || !asked[k.Name]):
			add(k.Name, popup && used[k.Name])
		case field != nil:
			required, given := field.Get("required").Bool()
			add(k.Name, required || !given)
		case k.From == FromConfig:
			add(k.Name, isText && text == "")
		default:
			add(k.Name, false)
		}
	}
	for _, name := range d.Auth.Sensitive() {
		add(name, false)
	}
	return keys
}
