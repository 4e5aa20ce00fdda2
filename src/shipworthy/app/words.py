"""What can be asked of the whole: people, the clock, the ledger and the pages that show all stages at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from shipworthy.base.check import CheckResult
from shipworthy.base.fact import Command, Question, What
from shipworthy.deliver.words import ErasureOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAdded(What):
    """A login was made, or given a new token; the token itself is never recorded."""

    person: str
    store_roles: list[str]

    @property
    def about(self) -> str:
        return self.person


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRevoked(What):
    """A login's tokens and sessions were ended."""

    person: str

    @property
    def about(self) -> str:
        return self.person


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerExported(What):
    """The ledger was exported up to a signed head."""

    head: int
    digest: str
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddPerson(Command[str]):
    """Make a login, or a new token for one; gives the token, which is shown only this once.

    Roles in a product come from its product.yaml; `administrator` is the one role of the whole store.
    """

    right: ClassVar[str] = "administer"
    product: str = ""
    person: str
    administrator: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokePerson(Command[str]):
    """End every token and session of a person."""

    right: ClassVar[str] = "administer"
    product: str = ""
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DoWhatIsDue(Command[list[str]]):
    """Do everything that is due now, in order: lists, labels, monitors, triggers; gives what was done."""

    right: ClassVar[str] = "operate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance(Command[list[str]]):
    """Move a product on simulated time forward to a moment, doing everything that falls due on the way."""

    right: ClassVar[str] = "operate"
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeConnections(Command[list[CheckResult]]):
    """Test every source, sink and message route that the plan declares, before anything depends on them.

    Nothing is brought to a real destination: it is only looked at, and the rehearsal destination is written to for a
    moment. Nothing is recorded. `name` narrows it to one source, sink or route.
    """

    right: ClassVar[str] = "probe"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Exported:
    """An export of the ledger: its file in the store, and the signed head it ends with.

    Attributes:
        signed_head: one line of JSON; kept elsewhere, a later export is held against it.
    """

    file: str
    head: int
    digest: str
    signed_head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportLedger(Command[Exported]):
    """Write the whole ledger with its signed heads into one file that can be verified offline."""

    right: ClassVar[str] = "audit"
    product: str = ""


@dataclass(frozen=True, slots=True)
class LedgerState:
    """Whether the chain holds: number and digest of the newest fact, and how many heads are signed."""

    head: int
    digest: str
    signed_heads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyLedger(Question[LedgerState]):
    """Verify the whole chain and every signed head, here and now."""

    product: str = ""


@dataclass(frozen=True, slots=True)
class Me:
    """Who the caller is, with roles and rights in one product."""

    person: str
    roles: list[str]
    rights: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoAmI(Question[Me]):
    """Who the caller is, and what they may do in a product."""

    right: ClassVar[str] = "known"
    product: str = ""


StationState = Literal["done", "here", "blocked", "alarm", "ahead"]


@dataclass(frozen=True, slots=True)
class Station:
    """One station of a product's road, from plan to respond.

    Attributes:
        name: the stage.
        state: done; here (something is to be done); blocked (a check failed); alarm; ahead (not reached yet).
        text: how things stand, in one sentence.
        blocked_by: what is in the way, in plain words.
    """

    name: str
    state: StationState
    text: str
    blocked_by: list[str]


@dataclass(frozen=True, slots=True)
class NextStep:
    """What would take a product further: a command for the terminal or a page, and who can do it."""

    text: str
    who: str
    command: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class ProductState:
    """Where a product stands, for people to read.

    Attributes:
        sentence: its state in one sentence.
        level: good; waiting (for a person); bad (blocked or an alarm).
        now: the product's time, ISO 8601.
        zone: the owner's time zone, for times on screens.
        simulated_clock: it lives on replayed time.
        simulated_cohorts: cohorts that are made up for a rehearsal or a demo.
        candidate: the candidate under way, empty for none.
        champion: candidate that answers, by cohort.
        canary: candidate that answers `canary_share` of everybody in place of their champion, empty for none.
    """

    product: str
    question: str
    decision: str
    plan_version: int
    sentence: str
    level: Literal["good", "waiting", "bad"]
    now: str
    zone: str
    simulated_clock: bool
    simulated_cohorts: list[str]
    candidate: str
    champion: dict[str, str]
    stations: list[Station]
    next_steps: list[NextStep]
    canary: str = ""
    canary_share: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRoad(Question[ProductState]):
    """Where a product stands on its road, what blocks it and what comes next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Products(Question[list[ProductState]]):
    """Where every product stands in which the caller has a part."""

    right: ClassVar[str] = "known"
    product: str = ""


@dataclass(frozen=True, slots=True)
class FactCard:
    """One fact of the ledger as it is stored."""

    seq: int
    kind: str
    product: str
    about: str
    who: str
    at: str
    recorded_at: str
    body: dict[str, Any]
    previous: str
    digest: str


@dataclass(frozen=True, slots=True)
class LedgerSheet:
    """Some facts, newest first, and how to turn the page.

    Attributes:
        kinds: how many facts of the product there are, by kind.
        older: give this as `before` to see the facts before these; 0 where there are none.
        head, digest: number and digest of the newest fact of the whole ledger.
    """

    facts: list[FactCard]
    kinds: dict[str, int]
    older: int
    head: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerPage(Question[LedgerSheet]):
    """The facts of a product, newest first: of one kind where `kind` is given, before number `before` where given."""

    kind: str = ""
    before: int = 0
    count: int = 50


@dataclass(frozen=True, slots=True)
class PlanSheet:
    """The plan in force: who adopted it and when, and everything it says, as the schema reads it."""

    version: int
    digest: str
    adopted_by: str
    at: str
    plan: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanInForce(Question[PlanSheet]):
    """The plan version that holds now."""


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A file that a fact of the product names and that people may open: its name, media type and what it belongs to."""

    digest: str
    name: str
    media_type: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FindEvidence(Question[EvidenceFile]):
    """Which evidence of a product has this digest; segments with rows about people are never found here."""

    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeByLink(Command[str]):
    """Confirm a delivery by the signed link that came with it, and say how many of its rows were acted on.

    Gives `recorded`, or `known` where the same was said before: then nothing is added.

    Attributes:
        consumer, token: the last two parts of the link.
    """

    right: ClassVar[str] = "acknowledge"
    consumer: str
    token: str
    used: int | None = None


@dataclass(frozen=True, slots=True)
class GuideSheet:
    """The guide for one consumer as it stands now.

    Attributes:
        file: its path in the plan; digest: of its text.
        read_at: when the asker read this very text, ISO 8601; empty for not yet.
    """

    consumer: str
    file: str
    text: str
    digest: str
    read_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideFor(Question[GuideSheet]):
    """The guide for a consumer, and whether you have read it as it stands now."""

    consumer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadGuide(Command[str]):
    """Record that you have read the guide for a consumer as it stands now; gives the guide's text."""

    right: ClassVar[str] = "read"
    consumer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasePerson(Command[ErasureOutcome]):
    """Erase every row of one person, wherever we hold or brought it, with a certificate of what was done.

    The name is turned into a keyed hash at the door and stands in no record; a reason must not hold it either.
    """

    right: ClassVar[str] = "erase"
    entity: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadmitPerson(Command[str]):
    """Let a person in again who was erased, such as one who has consented anew; what was erased stays erased.

    The name is turned into a keyed hash at the door and stands in no record; a reason must not hold it either.
    """

    right: ClassVar[str] = "erase"
    entity: str
    reason: str
