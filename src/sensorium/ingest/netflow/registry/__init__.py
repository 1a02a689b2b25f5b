"""Names and types of information elements: IANA's, vendors', and those that exporters define."""

from sensorium.ingest.netflow.registry.lookup import (
    CERT_PEN,
    Information,
    Type,
    information,
    is_number,
    type_of_name,
)

__all__ = ["CERT_PEN", "Information", "Type", "information", "is_number", "type_of_name"]
