"""The HTTP API: everything that pages do, under `/api/v1`. Its OpenAPI document is at `/api/v1/openapi.json`."""
