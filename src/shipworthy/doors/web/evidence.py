"""Evidence and reports, sent so that they can do no harm."""

from __future__ import annotations

from starlette.responses import Response

from shipworthy.app.entrance import evidence_headers
from shipworthy.app.words import FindEvidence
from shipworthy.doors.web.visit import Visit


def evidence(visit: Visit) -> Response:
    """A file of evidence by its digest, for whoever may read the product."""
    found = visit.ask(FindEvidence(product=visit.product, digest=visit.path["digest"]))
    content = visit.desk.store.files.get(found.digest)
    return Response(content, headers=evidence_headers(found.name, found.media_type))
