package sandbox

// Choice is a decision of this interpreter about something that the platform's
// documentation leaves open or answers in two ways. The platform may decide
// otherwise; a definition that depends on none of them is on the safe side.
type Choice struct {
	// ID is permanent.
	ID string
	// Text says what is open and what is done here.
	Text string
}

// The choices, in the order of the documentation of the platform.
var (
	unresolvedStays   = Choice{"unresolved-stays", "what the platform puts where nothing fills a placeholder is not documented; here it stays as it is written"}
	inputLeftOut      = Choice{"input-left-out", "what the platform sends for an optional parameter without a value is not documented; here the field is left out, and in a longer text nothing is written"}
	typedOverDefault  = Choice{"typed-over-default", "where the tenant's input stands in the order of \"{{key}}\" is not documented; here it comes before the default of auth.config, and metadata after both"}
	formIsCredential  = Choice{"form-is-credential", "which values of the install form \"[[key]]\" finds is answered in two ways; here it finds all of them"}
	objectAsJSON      = Choice{"object-as-json", "how an object or array becomes a text, or a part of one, is not documented; here it is compact JSON"}
	urlValueRaw       = Choice{"url-value-raw", "whether a value is encoded when it is put into a URL is not documented; here only characters that no URL may have are"}
	bodyTypeJSON      = Choice{"body-type-json", "which bodyType is meant when there is none is not documented; here it is json"}
	emptyBodyNotSent  = Choice{"empty-body-not-sent", "whether an empty body is sent with GET or DELETE is not documented; here it is not"}
	nestedForm        = Choice{"nested-form", "how an object or array is written into a form is not documented; here its keys are put in brackets, as in \"a[b]=c\""}
	bareMapping       = Choice{"bare-mapping", "a mapping without \"$\" is read in two ways by the documentation; here it is a path when something is there, else the text itself"}
	textResponse      = Choice{"text-response", "what a mapping finds in a response that is no JSON is not documented; here \"$\" is its text"}
	failureStops      = Choice{"failure-stops", "what follows a request that fails is not documented; here the run stops: connecting stores nothing, and an import keeps the records that it has"}
	testAfterToken    = Choice{"test-after-token", "when test_token runs is not documented; here it is after get_token and before userDetails"}
	emptyIsRefusal    = Choice{"empty-is-refusal", "what follows when a request of auth succeeds, but with nothing of what its mapping looks for, is not documented; here it is a refusal, which services such as Slack send with the status 200"}
	refreshEverywhere = Choice{"refresh-everywhere", "whether sources, sync and registration refresh an expired token is not documented; here sources and imports do, as actions do, and requests of auth do not"}
	lastArrayMapping  = Choice{"last-array-mapping", "what an action returns when its last mapping is an array is not documented; here it returns nothing"}
	arrayMappingStays = Choice{"array-mapping-stays", "how long the values of an array mapping last is not documented; here all later steps see them"}
	parameterDefaults = Choice{"parameter-defaults", "whether the default of a parameter is used when no value comes is not documented; here it is"}
	rootSource        = Choice{"root-source", "a source without dataPath is in one example only; here the response itself is the list"}
	sourceRefField    = Choice{"source-ref-field", "what valueFields holds is not documented; here it has the field for each reference"}
	basicCase         = Choice{"basic-case", "in which letters Authorization and Basic may be written is not documented; here in any"}
	oauthState        = Choice{"oauth-state", "a state parameter is not documented for OAuth; here one is added, and checked when the provider returns it"}
)

// The choices about webhooks.
var (
	challengeFirst      = Choice{"challenge-first", "whether a challenge is answered before the verification is not documented; here it is, since it may come before the install has its secret; nothing else happens then"}
	challengeField      = Choice{"challenge-field", "whether identifyField may be a path is not documented; here it is the name of a field"}
	challengeEmpty      = Choice{"challenge-empty", "what is answered to a challenge without its text is not documented; here it is treated as a delivery"}
	missingIsNone       = Choice{"missing-is-none", "whether a webhook without a verification accepts everything is not documented; here it does, as with the type none"}
	unverifiableRefused = Choice{"unverifiable-refused", "what is answered when the header, the secret or a part of the verification is missing is not documented; here it is 401, as with a wrong signature"}
	timestampUnused     = Choice{"timestamp-unused", "what timestampHeader does is not documented; here the signature is of the body alone, and an old delivery is as good as a new one"}
	hexCapitals         = Choice{"hex-capitals", "whether a signature may be in capital letters is not documented; here it may"}
	formIsObject        = Choice{"form-is-object", "what is found in a body that is a form is not documented; here it is an object with the form's fields as texts"}
	unreadableAnswered  = Choice{"unreadable-answered", "what is answered to a body that cannot be read is not documented; here it is a delivery in whose body nothing is found"}
	noEventAnswered     = Choice{"no-event-answered", "what happens to a delivery without an event is not documented; here it is answered like any other, and starts nothing"}
	partMissing         = Choice{"part-missing", "which event a delivery has that lacks a part of a composite event is not documented; here it has none"}
	separatorMissing    = Choice{"separator-missing", "what joins the parts of a composite event without a separator is not documented; here there is no event then"}
	fallbackAlone       = Choice{"fallback-alone", "whether a fallback is tried for a composite event is not documented; here it is not"}
	idsJoined           = Choice{"ids-joined", "whether all values of an override's paths make the id or the first one alone is answered in two ways; here all do, with a colon between them"}
	noIDProcessed       = Choice{"no-id-processed", "what happens to a delivery without an id is not documented where there is no fallback; here it is worked on"}
	seenPerInstall      = Choice{"seen-per-install", "how long and for whom an id is remembered is not documented; here each install remembers its last 10,000"}
	customerAtRoot      = Choice{"customer-at-root", "where the customer is without basePath is not documented; here it is the body itself"}
	customerMapping     = Choice{"customer-mapping", "whether an override of customerExtraction may have a mapping is not documented; here it replaces the common one"}
	defaultResponse     = Choice{"default-response", "what a delivery is answered with when the definition does not say it is not documented; here it is 200"}
)

// The choices about records.
var (
	eitherPath      = Choice{"either-path", "paths are documented with \"$\" for handlers and without for apiMapping; here both are read in both places, from the body and from the record"}
	literalValue    = Choice{"literal-value", "which key of a rule holds a literal is not documented; here it is \"value\", and a number, boolean or null stands for itself"}
	severalPaths    = Choice{"several-paths", "what several paths mean without coalesce is not documented; here the first that has a value counts, as there"}
	emptyValue      = Choice{"empty-value", "what coalesce takes for empty is not documented; here nothing, null and \"\" are, and 0, false, white space, empty lists and empty objects are values"}
	fieldLeftOut    = Choice{"field-left-out", "what a field gets when nothing is at its path is not documented; here the record goes without it"}
	nullStays       = Choice{"null-stays", "what toString, mapItems and joinCodes make of null is not documented; here it stays null"}
	numberAsWritten = Choice{"number-as-written", "how a number becomes a text is not documented; here it stays as the provider writes it, where JavaScript would write some in another way, and digits of long ids would be lost"}
	numberReading   = Choice{"number-reading", "which texts toNumberOrNull reads is not documented; here those that are numbers in JSON, with white space around them, and all else is null"}
	computeNull     = Choice{"compute-null", "what the platform's helpers compute is not documented; here the field is null"}
	itemsAsTheyAre  = Choice{"items-as-they-are", "what mapItems makes of a line is not documented; here it stays as the provider sends it"}
	codesJoined     = Choice{"codes-joined", "how joinCodes joins is not documented; here with commas, and of an object its \"code\" counts"}
	resourceHandler = Choice{"resource-handler", "handlers that name a resource are in one example only; here the record at dataPath is mapped by the resource's apiMapping"}
	wholeBody       = Choice{"whole-body", "what a handler with a resource does without dataPath is not documented; here the body is the record"}
	listOfRecords   = Choice{"list-of-records", "whether dataPath may lead to a list is not documented; here each of its entries is a record"}
)

// The choices about imports.
var (
	syncEnabled     = Choice{"sync-enabled", "whether records are imported when syncConfiguration.enabled is absent is not documented; here they are"}
	endpointURL     = Choice{"endpoint-url", "how baseUrl and the URL of an endpoint are joined is not documented; here with exactly one slash, and a whole URL stands for itself"}
	pageParameter   = Choice{"page-parameter", "how the next page is asked for is not documented; here with the query parameter \"page\", which is 2 for the second page and is not there for the first"}
	onePage         = Choice{"one-page", "whether a resource without pagination has pages is not documented; here one answer has all records"}
	rootList        = Choice{"root-list", "where the records are without dataProperty is not documented; here the response itself is the list"}
	detailsID       = Choice{"details-id", "which field {id} stands for is not documented; here it is the field \"id\" of the record in the list"}
	detailsReplace  = Choice{"details-replace", "what the response of endpoints.details holds is not documented; here it, or the object at dataProperty in it, replaces the record of the list"}
	timeoutInMillis = Choice{"timeout-in-millis", "the unit of timeout is not documented; here it is milliseconds"}
)

// ChoiceGroup is the choices about one part of the interpreter.
type ChoiceGroup struct {
	Title   string
	Choices []Choice
}

// ChoiceGroups returns all choices of the interpreter in the order in which its
// page has them.
func ChoiceGroups() []ChoiceGroup {
	return []ChoiceGroup{
		{"Placeholders", []Choice{unresolvedStays, inputLeftOut, typedOverDefault, formIsCredential, objectAsJSON, urlValueRaw}},
		{"Requests and responses", []Choice{bodyTypeJSON, emptyBodyNotSent, nestedForm, basicCase, bareMapping, textResponse, failureStops, refreshEverywhere}},
		{"Connecting", []Choice{testAfterToken, emptyIsRefusal, oauthState}},
		{"Actions", []Choice{parameterDefaults, arrayMappingStays, lastArrayMapping}},
		{"Dropdowns", []Choice{rootSource, sourceRefField}},
		{"Webhooks", []Choice{
			formIsObject, unreadableAnswered, challengeFirst, challengeField, challengeEmpty, missingIsNone, unverifiableRefused, timestampUnused,
			hexCapitals, defaultResponse, noEventAnswered, partMissing, separatorMissing, fallbackAlone, idsJoined, noIDProcessed, seenPerInstall,
			customerAtRoot, customerMapping,
		}},
		{"Records", []Choice{
			eitherPath, literalValue, severalPaths, emptyValue, fieldLeftOut, nullStays, numberAsWritten, numberReading, computeNull,
			itemsAsTheyAre, codesJoined, resourceHandler, wholeBody, listOfRecords,
		}},
		{"Imports", []Choice{syncEnabled, endpointURL, pageParameter, onePage, rootList, detailsID, detailsReplace, timeoutInMillis}},
	}
}

// Choices returns the choices of all groups.
func Choices() []Choice {
	var all []Choice
	for _, g := range ChoiceGroups() {
		all = append(all, g.Choices...)
	}
	return all
}
