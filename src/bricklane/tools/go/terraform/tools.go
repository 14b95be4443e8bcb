//go:build tools

// Package tools names the program to build, so that "go mod tidy" keeps its requirement.
package tools

import _ "github.com/hashicorp/terraform"
