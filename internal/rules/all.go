package rules

import "slices"

// All returns every rule, in the order in which they are listed and run.
func All() []Spec {
	return slices.Concat(
		readingRules(),
		identityRules(),
		versionRules(),
		changelogRules(),
		pathRules(),
		listingRules(),
		setupRules(),
		ownerRules(),
		testAccountRules(),
		contentRules(),
		qaRules(),
		jsonRules(),
		schemaRules(),
		fieldRules(),
		authRules(),
		placeholderRules(),
		actionRules(),
		requestRules(),
		functionRules(),
		sourceRules(),
		panelRules(),
		triggerRules(),
		webhookRules(),
		verificationRules(),
		syncRules(),
		handlerRules(),
		dialectRules(),
		sampleRules(),
		securityRules(),
	)
}
