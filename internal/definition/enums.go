package definition

// Categories are the marketplace's categories, in the order of its list.
func Categories() []string {
	return []string{"ecommerce", "productivity", "communication", "marketing", "developer", "payment", "social", "storage", "analytics", "crm"}
}
