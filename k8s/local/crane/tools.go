//go:build tools

// Package tools pins the main packages that this group builds.
package tools

import (
	_ "github.com/google/go-containerregistry/cmd/crane"
)
