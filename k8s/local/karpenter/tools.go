//go:build tools

// Package tools pins the main packages that this group builds.
package tools

import (
	_ "sigs.k8s.io/karpenter/kwok"
)
