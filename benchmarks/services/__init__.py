"""The HTTP services that take tasks, by the name that the command line gives them."""

from benchmarks.services.service import BareFlask, DucklineWeb, FastApiCelery, Service

SERVICES: dict[str, Service] = {
    service.name: service for service in (DucklineWeb(), FastApiCelery(), BareFlask())
}
