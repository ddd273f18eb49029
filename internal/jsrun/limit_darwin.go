package jsrun

// limitProcess sets the limits of the operating system: no file and no socket
// can be opened, and nothing can be written to a file. macOS bounds the memory
// of no process that uses it as Go does, so that only watch does.
func limitProcess(uint64) error { return limitFiles() }
