package client

import "github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"

var _ = register(klaviyo.Operations)
