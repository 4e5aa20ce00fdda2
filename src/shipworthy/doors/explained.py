"""What the mistakes at the doors mean, by code: command line, pages, HTTP API, prediction server."""

from __future__ import annotations

from shipworthy.base.explained import Explained

_FOREIGN_NAME = "A page of somebody else could have its own name point to this machine and act through your browser."
_FAULT = (
    "Something broke on our side, or in code that the product gave us. Its inside is in the log, not in the answer."
)

_ON_THE_COMMAND_LINE = {
    "cli.usage": Explained(
        "The verb, an option or its value is not one that exists.",
        "A misspelt option that was passed over would be something you asked for and did not get.",
        "`shipworthy VERB --help` shows what it takes, with an example.",
    ),
    "cli.no_product": Explained(
        "The command is about a product; none is named, and no product.yaml lies in the folder.",
        "A store may hold several products; the wrong one would be signed or released.",
        "Go to the folder of its product.yaml, or add --product NAME.",
    ),
    "cli.answer": Explained(
        "An --answer of a review has no equals sign, so it is not known which question it answers.",
        "An answer at the wrong question is worse than none.",
        'Write --answer NAME=TEXT, all of it in quotation marks where the text has spaces: --answer "effect=a call".',
    ),
    "cli.cannot_read": Explained(
        "A file that was named does not exist, may not be read, or is no text.",
        "What cannot be read cannot be tried.",
        "Name a file that you may read.",
    ),
    "cli.cannot_write": Explained(
        "The file that you asked for cannot be written: its folder is not there, is full, or is not yours.",
        "What should have been in it is still in the store; nothing is lost.",
        "Name another place with --to.",
    ),
    "cli.bug": Explained(
        _FAULT,
        "What was recorded stays recorded, and nothing is half done: the same command can be given again.",
        "Send the log that the message names to whoever maintains Shipworthy. Read it first: it may name your paths.",
    ),
}

_ON_PAGES = {
    "web.address": Explained(
        "No page has this address; the link may be of an older version, or mistyped.",
        "A page that is near would show something that was not asked for.",
        "Begin at the front page; everything is reached from there.",
    ),
    "web.method": Explained(
        "The page was sent something that it does not take, for instance by reloading after a form.",
        "It was not done.",
        "Open the page again and use its form.",
    ),
    "web.host": Explained(
        "The pages were asked for under a name that the server does not know as its own.",
        _FOREIGN_NAME,
        "Use a name that the message lists, or start the server with --hosts NAME.",
    ),
    "web.too_large": Explained(
        "The form holds more than the server takes.",
        "Without a limit one request could take the memory of everybody.",
        "Shorten the text; keep long documents beside the product and name them.",
    ),
    "web.too_many_tries": Explained(
        "There were many failed logins from your address.",
        "A pause keeps tokens from being guessed.",
        "Wait as long as the page says. If it was not you, tell whoever runs the server.",
    ),
    "web.forgery": Explained(
        "The form does not carry the sign of your present session: the page is old, or another site sent it.",
        "Otherwise another site could sign in your name while you are logged in.",
        "Open the page again and send the form from there.",
    ),
    "web.number": Explained(
        "The number of rows that were used is no whole number.",
        "How much is used is how one sees whether the product is of any use.",
        "Write digits only, or leave the field empty.",
    ),
    "web.missing": Explained(
        "A field of the incident is empty.",
        "An incident stays a lesson only when cause, fix and the new check are told.",
        "Fill it in; where there is truly nothing to say, say why.",
    ),
    "web.severity": Explained(
        "The severity is none of those that exist.",
        "It decides who is told and how soon, so it is not guessed.",
        "Choose one from the list of the form.",
    ),
    "web.decision": Explained(
        "Neither approve nor reject was chosen.",
        "Silence is no approval.",
        "Choose one and send the form again.",
    ),
    "web.bug": Explained(
        _FAULT,
        "It may have been recorded before it broke.",
        "Look at the ledger page whether it is there, before you try again; give the number to whoever runs the "
        "server.",
    ),
}

_ON_THE_API = {
    "api.nobody": Explained(
        "The request carries no token, or one that belongs to nobody.",
        "Every route needs an identity, reading as well as writing.",
        "Send the header `Authorization: Bearer TOKEN`; an administrator makes tokens by `shipworthy people add NAME`.",
    ),
    "api.request": Explained(
        "The body does not have the form that this address declares: a field is missing, unknown or of another type.",
        "A field that was passed over would be something that the caller asked for and did not get.",
        "Compare it with /v1/openapi.json of this very server; clients can be made from it.",
    ),
    "api.address": Explained(
        "There is no such address, or it does not take this method.",
        "Nothing was done.",
        "/v1/openapi.json lists every address with its method.",
    ),
    "api.host": Explained(
        "The server was addressed under a name that it does not know as its own.",
        _FOREIGN_NAME,
        "Use a name that the message lists, or start the server with --hosts NAME.",
    ),
    "api.too_large": Explained(
        "The body is larger than the server takes.",
        "Without a limit one request could take the memory of everybody.",
        "Send less at once. Data comes in by sources and not by this way.",
    ),
    "api.bug": Explained(
        _FAULT,
        "Nothing was recorded unless an earlier answer said so.",
        "Repeat the request with the same key, which does no harm; give the number to whoever runs the server.",
    ),
}

_ON_LISTENING = {
    "serve.host_name": Explained(
        "A name under which the server shall be reached is no host name.",
        "The list decides whose requests are answered; a slip in it would shut out everybody or let in a stranger.",
        "Names only, separated by commas, without https:// and port.",
    ),
    "serve.no_hosts": Explained(
        "The server shall listen beyond this machine, but no name is declared under which it is reached.",
        _FOREIGN_NAME,
        "Add --hosts NAME or set SHIPWORTHY_HOSTS; leave out --host to stay on this machine.",
    ),
    "serve.no_grpc": Explained(
        "The server shall speak gRPC, but the library for it is not installed.",
        "A server that left it out without a word would leave its callers without answers.",
        "Install the extra `grpc`, or leave out --grpc-port; the same protocol is spoken over HTTP.",
    ),
    "serve.cannot_listen": Explained(
        "The port is taken, is reserved for administrators, or the address is not one of this machine.",
        "Taking another port by itself would leave callers at the old one with whoever listens there.",
        "End what listens there, or choose another --port; 0 takes a free one and prints it.",
    ),
}

_ON_STREAMS = {
    "stream.which": Explained(
        "A worker is to be started without saying for which stream, and the plan has none, or several.",
        "A worker reads one stream; the wrong one would be answered.",
        "Name the consumer: `shipworthy stream CONSUMER`.",
    ),
}

_ON_CONNECTIONS = {
    "serve.crowded": Explained(
        "As many connections are open as the server takes, and every one is in use.",
        "Each open connection takes a file of the process; a flood without a limit would keep the log from being "
        "written.",
        "Keep connections and use them again in place of opening one for each request; or start another server.",
    ),
    "serve.http": Explained(
        "What came over the connection is no HTTP request.",
        "Nothing is guessed about what was meant.",
        "Use an HTTP client, and http:// or https:// as the server or the proxy before it has it.",
    ),
}

_ON_PREDICTING = {
    "serve.host": Explained(
        "The prediction server was addressed under a name that it does not know as its own.",
        _FOREIGN_NAME,
        "Use one of its names, or start it with --hosts NAME.",
    ),
    "serve.route": Explained(
        "The prediction server has no such address: it answers the plain call, the Open Inference Protocol v2 and "
        "MLflow's scoring protocol, and nothing else.",
        "Everything else is the business of pages and API, which `shipworthy pages` serves.",
        "See /openapi.json for what it takes.",
    ),
    "serve.method": Explained(
        "The address exists, but does not take this method.",
        "Nothing was asked and nothing was answered.",
        "The header Allow names the method; /openapi.json has all of them.",
    ),
    "serve.model": Explained(
        "The Open Inference Protocol asked for a model that is not the product, or for a version that is not what "
        "answers everybody now.",
        "A caller who names a version relies on it; an answer by another candidate would look like it.",
        "The model is the product's name, the version the digest of the champion; leave the version out to get whoever "
        "answers, and read `candidate` in each answer.",
    ),
    "serve.encoding": Explained(
        "The body is compressed, in another encoding than UTF-8, or in a format that this address does not read.",
        "Nothing is guessed about what was meant.",
        "Send JSON (or text/csv to /invocations) in UTF-8 as it is.",
    ),
    "serve.no_identity": Explained(
        "The request for a prediction carries no token, or one that belongs to nobody.",
        "Every answer is on record with the consumer who got it.",
        "Send the header `Authorization: Bearer TOKEN` with the token of the login that the plan names for the "
        "consumer.",
    ),
    "serve.no_right": Explained(
        "The login is known, but speaks for no consumer of this product.",
        "Answers about people go to those the plan names, and to nobody who merely has a login.",
        "Name it under `consumers` in product.yaml and adopt the plan.",
    ),
    "serve.no_consumer": Explained(
        "The login speaks for consumers, but for none that asks in real time.",
        "Latency, fields and fallback are agreed for each consumer; here nothing is agreed.",
        "Declare a consumer with `mode: realtime` for this login.",
    ),
    "serve.input": Explained(
        "A field of the question is missing, unknown, of another type, or outside what the contract allows; each is "
        "named.",
        "An answer would rest on something else than what was asked; nobody could say on what.",
        "GET /openapi.json with the same token shows the fields; a consumer with `asks_by: key` sends the entity only.",
    ),
    "serve.not_json": Explained(
        "The body cannot be read as JSON.",
        "Nothing is guessed about what was meant.",
        "Send one JSON object in UTF-8. In a shell put it in single quotation marks.",
    ),
    "serve.not_message": Explained(
        "What came over gRPC cannot be read as the message that the method takes.",
        "Nothing is guessed about what was meant.",
        "Make the client from the definition of the Open Inference Protocol v2.",
    ),
    "serve.too_large": Explained(
        "The body is far larger than one question, or than the rows that are answered together.",
        "One request that takes long would make all others late; whole lists are made by `shipworthy score`.",
        "Send fewer rows at once.",
    ),
    "serve.log": Explained(
        "The answer was made, but could not be written to the prediction log, so it was not given.",
        "No answer leaves unrecorded: nobody could explain it, count it or judge it later.",
        "Make room on the disk of the store, and see that the server may write there; then ask again.",
    ),
    "serve.overloaded": Explained(
        "More questions wait than can be answered within the latency that the plan declares; this one is turned away.",
        "An answer that comes after it is needed helps nobody, and would make those behind it late as well.",
        "Ask again after the seconds in Retry-After; if it lasts, start another prediction server.",
    ),
    "serve.late": Explained(
        "The model did not answer within the latency that the plan declares, and nothing may stand in for it.",
        "The consumer has no use for an answer that comes later.",
        "Declare `if_stopped: baseline` and release a baseline, or see in /health what is slow.",
    ),
    "serve.slow": Explained(
        "The body of the request did not come whole in time.",
        "A request that is never finished would hold its place for ever.",
        "Send the whole body at once.",
    ),
    "serve.aside": Explained(
        "The model's compiled form gave another number than the original for the same question, and was put aside.",
        "One of the two is wrong, and nobody can say which people were told what.",
        "Release another candidate; then find out what differs on this machine (processor, versions).",
    ),
    "serve.stale": Explained(
        "The stored inputs are older than `features_within` of this consumer allows.",
        "An answer from inputs that have changed since looks like any other and is not.",
        "Make the next list or take a snapshot; the server follows by itself.",
    ),
    "serve.bug": Explained(
        _FAULT,
        "An answer that may be wrong is not given.",
        "GET /health says what stands in the way. The caller does what is agreed for this case under `if_stopped`.",
    ),
}

EXPLAINED: dict[str, Explained] = {
    **_ON_THE_COMMAND_LINE,
    **_ON_PAGES,
    **_ON_THE_API,
    **_ON_LISTENING,
    **_ON_STREAMS,
    **_ON_CONNECTIONS,
    **_ON_PREDICTING,
}
