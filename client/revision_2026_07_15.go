package client

import "github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"

var _ = register(klaviyo.Operations)
