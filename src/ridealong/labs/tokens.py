"""Credentials as something to try: read, changed, stolen, taken back, on the running back end.

What differs from run to run (ports, secrets, moments) is never shown: a secret stands as its name,
such as `<code>`.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import html
import json
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey

from ridealong.labs.sql.database import LabError
from ridealong.service import authorization, tokens
from ridealong.service.app import CLIENTS, PASSPHRASES, REDIRECT_URI
from ridealong.service.settings import AUDIENCE, issuer
from ridealong.show.sequences import Message, sequence
from ridealong.show.views import View, frame, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ridealong.service import Service
    from ridealong.show.pictures import Drawing

NOBODYS_RIDE: Final = 999_999_999
"""The number of no ride: who asks for it is let in or refused, and nothing changes."""

_FOUND: Final = Path(__file__).with_name("found_tokens.json")
_ZONES: Final = {"pickup_location": "HBV-DTN", "dropoff_location": "HBV-LAK"}
_MINUTE: Final = 60


@cache
def _kept() -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(_FOUND.read_text("utf-8"))
    return kept


def proposed_token() -> str:
    """Return the token that a colleague proposes: signed, and with more in it than there should be."""
    return str(_kept()["proposed"])


def found_tokens() -> dict[str, str]:
    """Return the eight tokens that the security team found on 30 March 2026, by where they lay."""
    return dict(_kept()["found"])


# Reading.


def decode(token: str) -> View:
    """Show header and claims of a token, as anybody can read them; nothing is verified.

    Args:
        token: a signed JWT, or an unsigned one.

    Raises:
        LabError: for a text that is no JWT.

    Example:
        decode(found_tokens()["bug-report"])
    """
    header, claims = read_parts(token)
    rows = [
        ["header", name, _short(value), _HEADER_SAYS.get(name)] for name, value in header.items()
    ]
    rows += [
        ["claims", name, _short(value), _meaning(name, value)] for name, value in claims.items()
    ]
    signed = "There is no signature" if token.endswith(".") else "The signature was not verified"
    return View(
        "What the token says",
        frame(["part", "name", "value", "what it is"], [[_blank(c) for c in row] for row in rows]),
        f"Read without any key. {signed}, so this is what the token claims and no more.",
    )


_HEADER_SAYS: Final = {
    "alg": "how it is signed",
    "kid": "which of the issuer's keys",
    "typ": "what kind of token",
}
_CLAIMS_SAY: Final = {
    "iss": "who says so: the issuer",
    "aud": "for which service: the audience",
    "sub": "for whom it speaks: the subject",
    "client_id": "which application was given it",
    "jti": "the number of this token",
    "scope": "what the application may do for the subject",
    "role": "what the subject is at Ridealong",
    "grant_id": "the consent it goes back to",
}
_TIMES_SAY: Final = {"iat": "issued at", "nbf": "not good before", "exp": "not good from then on"}


def _meaning(name: str, value: Any) -> str | None:
    if name in _TIMES_SAY and isinstance(value, int):
        return f"{_TIMES_SAY[name]}: {datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC"
    return _CLAIMS_SAY.get(name)


def read_parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of a token, signed or not; nothing is verified.

    Raises:
        LabError: for a text that is no JWT.
    """
    try:
        header, claims, _ = [*token.split("."), "", ""][:3]
        read = _unpacked(header), _unpacked(claims)
    except ValueError:
        read = ({}, {})
    if not all(isinstance(part, dict) and part for part in read):
        raise LabError(
            "this is no JWT: one has three parts of base64url with a dot between; pass the whole token"
        )
    return read


def _unpacked(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def _packed(content: Mapping[str, Any] | bytes) -> str:
    data = content if isinstance(content, bytes) else json.dumps(dict(content)).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 100 else text[:97] + "..."


def _blank(cell: Any) -> Any:
    return "" if cell is None else cell


# Changing.


def changed(token: str, **claims: Any) -> str:
    """Return a token with other claims and its old signature, as anybody can make one.

    Args:
        token: a signed JWT.
        claims: what to change, such as `role="support"`.

    Raises:
        LabError: for a text that is no JWT.
    """
    _, said = read_parts(token)
    header, _, signature = token.split(".")
    return f"{header}.{_packed(said | claims)}.{signature}"


def forgeries(company: Service, token: str) -> dict[str, str]:
    """Return tokens that somebody without the company's key can make, and four that went stray.

    The last four are signed with the company's own key: one in another issuer's name, one past its
    end, one meant for another service, one of another type.

    Args:
        company: the running back end.
        token: a good one.

    Raises:
        LabError: for a text that is no JWT.
    """
    header, claims = read_parts(token)
    with _browser(company) as http:
        public = http.get(authorization.JWKS).json()["keys"][0]
    thief = ECKey.generate_key("P-256", auto_kid=True)
    ours = ECKey.import_key(json.loads(company.settings.private_key))
    ours.ensure_kid()

    def signed(said: Mapping[str, Any], key: ECKey, **more: Any) -> str:
        return jwt.encode(header | more, dict(said), key, algorithms=["ES256"])

    promoted = claims | {"sub": "support-1", "role": "support"}
    symmetric = f"{_packed(header | {'alg': 'HS256'})}.{_packed(promoted)}"
    mac = hmac.new(json.dumps(public).encode(), symmetric.encode(), hashlib.sha256).digest()
    return {
        "as it was issued": token,
        "role changed to support": changed(token, role="support"),
        "subject changed to rider-124": changed(token, sub="rider-124"),
        "alg: none, no signature": f"{_packed(header | {'alg': 'none'})}.{_packed(promoted)}.",
        "alg: HS256, the public key as the secret": f"{symmetric}.{_packed(mac)}",
        "signed with a key of one's own": signed(promoted, thief, kid=thief.kid),
        "signed with a key of one's own, called ours": signed(promoted, thief),
        "our key, copied to a test bench": signed(
            claims | {"iss": "https://login.test-bench.example"}, ours
        ),
        "signed by us, past its end": signed(claims | {"exp": claims["iat"] - 1}, ours),
        "signed by us, for payroll": signed(claims | {"aud": "ridealong-payroll"}, ours),
        "signed by us, a login's ID token": signed(claims, ours, typ="JWT"),
    }


def try_tokens(company: Service, kinds: Mapping[str, str], path: str = "/v1/rides/67154") -> Tried:
    """Ask the running back end the same question once with each token.

    Args:
        company: the running back end.
        kinds: tokens by what they are.
        path: what is asked for with GET.
    """
    with _browser(company) as http:
        answers = {
            what: http.get(path, headers={"Authorization": f"Bearer {token}"})
            for what, token in kinds.items()
        }
    return told(answers, title=f"GET {path} with each token")


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Tried(View):
    """Answers to requests that differ in one thing.

    Attributes:
        accepted: how many were answered with a status below 400.
        refused: how many were not.
    """

    accepted: int = 0
    refused: int = 0


def told(answers: Mapping[str, httpx.Response], *, title: str = "What is answered") -> Tried:
    """Show status, challenge and reason of several answers, one below the other.

    Args:
        answers: by what was sent.
        title: of the table.

    Example:
        told({"no credentials": company.client().get("/v1/rides/67154")})
    """
    rows = [
        [
            what,
            answer.status_code,
            re.sub(r' realm="\w+",?', "", answer.headers.get("WWW-Authenticate", "")),
            _reason(answer),
        ]
        for what, answer in answers.items()
    ]
    refused = sum(answer.status_code >= 400 for answer in answers.values())
    accepted = len(answers) - refused
    return Tried(
        title,
        frame(["sent", "status", "WWW-Authenticate", "reason"], rows),
        f"{accepted} of {plural(len(answers), 'request')} accepted, {refused} refused.",
        accepted=accepted,
        refused=refused,
    )


def _reason(answer: httpx.Response) -> str:
    if answer.status_code < 400:
        return ""
    try:
        body = answer.json()
    except ValueError:
        return ""
    return str(body.get("detail") or body.get("error_description") or body.get("error") or "")


def _browser(company: Service) -> httpx.Client:
    return httpx.Client(base_url=company.url, timeout=30.0, trust_env=False)


# The authorization-code flow.

RIDER: Final = "Rider's browser"
LOGIN: Final = "Ridealong login"
API: Final = "Ridealong API"
_SECRETS: Final = ("passphrase", "code_challenge", "code", "code_verifier", "access token")


@dataclass(eq=False)
class Flow:
    """One authorization-code flow with PKCE (RFC 6749, RFC 7636), over real HTTP, step by step.

    `ask`, `allow` or `deny`, `exchange`, `call`: each shows what went over, and `picture()` draws
    all that did so far. Secrets are shown by their names.

    Args:
        company: the running back end.
        application: the `client_id` of a registered application.
        scopes: what it asks for.

    Attributes:
        state: what the application sends along to know its own answer again.
        code_verifier: the application's secret for this one flow.
        code: what the browser brings back, once allowed.
        access_token: what the code was exchanged for.
        refresh_token: for new access tokens.

    Raises:
        LabError: for an application that is not registered.
    """

    company: Service
    application: str = "trip-diary"
    scopes: Sequence[str] = ("rides:read",)
    state: str = field(default_factory=lambda: secrets.token_urlsafe(16), repr=False)
    code_verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    code: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    with_pkce: bool = True
    _messages: list[tuple[Message, frozenset[str]]] = field(default_factory=list, repr=False)
    _page: str = field(default="", repr=False)
    _cookies: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        names = {client.client_id: client.name for client in CLIENTS}
        if self.application not in names:
            raise LabError(
                f"there is no application {self.application!r}; registered are {', '.join(names)}"
            )
        self._app = names[self.application]

    @property
    def participants(self) -> list[str]:
        """Who takes part, from left to right as in the picture."""
        return [RIDER, self._app, LOGIN, API]

    @property
    def query(self) -> str:
        """The parameters with which the application sends the browser to the login."""
        values = {
            "response_type": "code",
            "client_id": self.application,
            "redirect_uri": REDIRECT_URI,
            "scope": " ".join(self.scopes),
            "state": self.state,
        }
        if self.with_pkce:
            hashed = hashlib.sha256(self.code_verifier.encode()).digest()
            values |= {"code_challenge": _packed(hashed), "code_challenge_method": "S256"}
        return urlencode(values)

    def ask(self) -> View:
        """The application sends the rider's browser to Ridealong's own page."""
        before = len(self._messages)
        scope = " ".join(self.scopes)
        challenge = "code_challenge" if self.with_pkce else ""
        asks = f"scope={scope}, <state>" + (f", <{challenge}>" if challenge else "")
        if self.with_pkce:
            self._say(
                self._app,
                self._app,
                "makes <code_verifier>, hashes it to <code_challenge>",
                "code_verifier",
                "code_challenge",
            )
        self._say(
            self._app,
            RIDER,
            f"go to the login with client_id={self.application}, {asks}",
            challenge,
        )
        self._say(RIDER, LOGIN, "GET /oauth/authorize with all of that", challenge)
        with _browser(self.company) as http:
            answer = http.get(f"{authorization.AUTHORIZE}?{self.query}")
            self._cookies = http.cookies
        self._page = answer.text
        if answer.status_code == 200:
            wishes = re.findall(r"<li>(.*?) \(<code>", self._page)
            self._say(
                LOGIN,
                RIDER,
                f"200, a page: {self._app} wants to: {html.unescape('; '.join(wishes))}. "
                "Who are you? Allow or Deny?",
            )
        else:
            self._refusal(answer)
        return self._step("The application asks", before)

    def allow(self, subject: str, passphrase: str) -> View:
        """The rider says who they are, to Ridealong's page and nobody else, and allows.

        Args:
            subject: such as `rider-123`.
            passphrase: of that person.
        """
        return self._decide("allow", subject, passphrase)

    def deny(self) -> View:
        """The rider says no."""
        return self._decide("deny", "", "")

    def _decide(self, decision: str, subject: str, passphrase: str) -> View:
        before = len(self._messages)
        token = re.search(r"name='form_token' value='([^']+)'", self._page)
        if token is None:
            raise LabError(
                "there is no page to answer: call ask() first, and see that it answers 200"
            )
        form = {"form_token": token[1], "decision": decision}
        if decision == "allow":
            form |= {"subject": subject, "passphrase": passphrase}
            self._say(RIDER, LOGIN, f"POST: I am {subject}, <passphrase>, Allow", "passphrase")
        else:
            self._say(RIDER, LOGIN, "POST: Deny")
        with httpx.Client(
            base_url=self.company.url, cookies=self._cookies, trust_env=False, timeout=30.0
        ) as http:
            answer = http.post(f"{authorization.AUTHORIZE}?{self.query}", data=form)
        back = parse_qs(urlsplit(answer.headers.get("Location", "")).query)
        self.code = back.get("code", [""])[0]
        if self.code:
            if back.get("state") != [self.state]:
                raise LabError("the answer has another state than the request: throw it away")
            self._say(LOGIN, RIDER, "303, go back to the app with <code>, <state>, iss", "code")
            self._say(RIDER, self._app, "<code>, <state>, iss", "code")
        else:
            self._refusal(answer)
        return self._step("The rider decides", before)

    def exchange(self) -> View:
        """The application exchanges the code for an access token, without the browser."""
        before = len(self._messages)
        if not self.code:
            raise LabError("there is no code yet: call ask() and allow() first")
        self._say(
            self._app,
            LOGIN,
            "POST /oauth/token with <code>, <code_verifier>",
            "code",
            "code_verifier",
        )
        answer = self.redeem()
        if answer.status_code == 200:
            body = answer.json()
            self.access_token = body["access_token"]
            self.refresh_token = body.get("refresh_token", "")
            self._say(
                LOGIN,
                self._app,
                f"200, <access token> for {body['expires_in'] // _MINUTE} minutes, "
                f"scope={body['scope']}, <refresh token>",
                "access token",
            )
        else:
            self._refusal(answer, LOGIN, self._app)
        return self._step("The application fetches the token", before)

    def redeem(self, **changes: str | None) -> httpx.Response:
        """Send the code to the token endpoint; the answer is returned and nothing is drawn.

        Args:
            changes: parameters with other values than the application's own; None leaves one out.
        """
        values: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "client_id": self.application,
            "redirect_uri": REDIRECT_URI,
            "code": self.code,
            "code_verifier": self.code_verifier,
        }
        sent = {name: value for name, value in (values | changes).items() if value is not None}
        with _browser(self.company) as http:
            return http.post(authorization.TOKEN, data=sent)

    def call(self, path: str = "/v1/users/123/rides?limit=3", method: str = "GET") -> View:
        """The application calls the API with its token.

        Args:
            path: of the operation.
            method: of the operation.
        """
        before = len(self._messages)
        if not self.access_token:
            raise LabError("there is no access token yet: call exchange() first")
        self._say(self._app, API, f"{method} {path} with <access token>", "access token")
        with _browser(self.company) as http:
            answer = http.request(
                method, path, headers={"Authorization": f"Bearer {self.access_token}"}
            )
        if answer.status_code < 400:
            count = len(answer.json().get("rides", ())) if method == "GET" else 0
            self._say(
                API,
                self._app,
                f"{answer.status_code}" + (f", {plural(count, 'ride')}" if count else ""),
            )
        else:
            self._refusal(answer, API, self._app)
        return self._step("The application calls the API", before)

    def revoke(self) -> httpx.Response:
        """Take back all that came from this consent (RFC 7009), and return the answer."""
        with _browser(self.company) as http:
            return http.post(
                authorization.REVOKE,
                data={"client_id": self.application, "token": self.refresh_token},
            )

    def picture(self) -> Drawing:
        """Draw everything that was sent so far, with numbers."""
        return sequence(self.participants, [message for message, _ in self._messages])

    def holders(self) -> View:
        """Show who has seen which value so far."""
        held: dict[str, set[str]] = {secret: set() for secret in _SECRETS}
        for message, carried in self._messages:
            for secret in carried:
                held[secret] |= {message.sender, message.receiver}
        rows = [
            [secret, *("yes" if name in held[secret] else "" for name in self.participants)]
            for secret in _SECRETS
        ]
        return View(
            "Who has seen what",
            frame(["value", *self.participants], rows),
            f"{self._app} has seen the passphrase: {'yes' if self._app in held['passphrase'] else 'no'}.",
        )

    def _say(self, sender: str, receiver: str, text: str, *carried: str) -> None:
        secrets_sent = frozenset(secret for secret in carried if secret)
        self._messages.append((Message(sender, receiver, text), secrets_sent))

    def _refusal(self, answer: httpx.Response, sender: str = LOGIN, receiver: str = RIDER) -> None:
        back = parse_qs(urlsplit(answer.headers.get("Location", "")).query)
        if "error" in back:
            reason = back.get("error_description", back["error"])[0]
        else:
            alert = re.search(r"role='alert'>(.*?)</p>", answer.text)
            reason = html.unescape(alert[1]) if alert else _reason(answer)
        message = Message(sender, receiver, f"{answer.status_code}: {reason}", refused=True)
        self._messages.append((message, frozenset()))

    def _step(self, title: str, before: int) -> View:
        rows = [
            [number, message.sender, message.receiver, message.text]
            for number, (message, _) in enumerate(self._messages, 1)
            if number > before
        ]
        said = plural(len(rows), "message")
        return View(title, frame(["step", "from", "to", "what goes over"], rows), f"{said}.")


def finished_flow(company: Service, application: str, scopes: Sequence[str], person: str) -> Flow:
    """Return a flow that was allowed and whose code is not exchanged yet.

    Args:
        company: the running back end.
        application: the `client_id`.
        scopes: what is asked for.
        person: who allows, such as `rider-123`.

    Raises:
        LabError: for an application or a person who is not there.
    """
    flow = Flow(company, application, scopes)
    flow.ask()
    flow.allow(person, passphrase_of(person))
    return flow


def passphrase_of(person: str) -> str:
    """Return the invented passphrase of an invented person.

    Raises:
        LabError: for somebody who cannot log in.
    """
    for (subject, _, _), passphrase in PASSPHRASES.items():
        if subject == person:
            return passphrase
    raise LabError(
        f"nobody logs in as {person!r}; there are {', '.join(who[0] for who in PASSPHRASES)}"
    )


def passphrase_thief(company: Service, person: str = "rider-123") -> Tried:
    """Show what an app can do that asked for somebody's passphrase instead of a token.

    It logs in as the person, in the name of the company's own app, asks for every scope there is
    and answers the consent page itself. The ride that it asks for is cancelled again.

    Args:
        company: the running back end.
        person: a rider.
    """
    flow = finished_flow(company, "rider-app", sorted(tokens.SCOPES), person)
    body = flow.redeem().json()
    head = {"Authorization": f"Bearer {body['access_token']}"}
    number = person.partition("-")[2]
    with _browser(company) as http:
        seen = http.get(f"/v1/users/{number}/rides?limit=1", headers=head)
        asked = http.post("/v1/rides", headers=head, json=_ZONES)
        http.post(f"/v1/rides/{asked.json()['ride_id']}/cancel", headers=head)
        ride = seen.json()["rides"][0]["ride_id"]
        paid = http.get(f"/v1/rides/{ride}/payments", headers=head)
    named = {row["client_id"] for row in company.requests(4)}
    shown = told(
        {
            "see the rider's rides": seen,
            "see what the rider paid": paid,
            "ask for a ride in the rider's name": asked,
        }
    )
    scopes = body["scope"].split()
    return Tried(
        "What the passphrase opens",
        shown.table[["sent", "status"]],
        f"The token has {len(scopes)} of {len(tokens.SCOPES)} scopes; {shown.accepted} of 3 "
        f"requests accepted. The request log says who called: {', '.join(sorted(named))}.",
        accepted=len(scopes),
        refused=shown.refused,
    )


def stolen_code(company: Service) -> Tried:
    """Let a thief try a code that was read off the browser, then its owner, then the thief again.

    Args:
        company: the running back end.
    """
    flow = finished_flow(company, "trip-diary", ["rides:read"], "rider-123")
    with _browser(company) as http:
        bare = Flow(company, "trip-diary", with_pkce=False)
        refused = http.get(f"{authorization.AUTHORIZE}?{bare.query}")
    tries: dict[str, Callable[[], httpx.Response]] = {
        "thief: code without a verifier": lambda: flow.redeem(code_verifier=None),
        "thief: code with a guessed verifier": lambda: flow.redeem(
            code_verifier=secrets.token_urlsafe(32)
        ),
        "thief: code for another application": lambda: flow.redeem(client_id="rider-app"),
        "thief: code for another redirect address": lambda: flow.redeem(
            redirect_uri="https://thief.example/callback"
        ),
        "Trip Diary: code with its own verifier": flow.redeem,
        "anybody: the same code once more": flow.redeem,
    }
    answers = {what: attempt() for what, attempt in tries.items()}
    token = answers["Trip Diary: code with its own verifier"].json()["access_token"]
    with _browser(company) as http:
        answers["Trip Diary: its token after that"] = http.get(
            "/v1/users/123/rides", headers={"Authorization": f"Bearer {token}"}
        )
    shown = told(answers)
    back = parse_qs(urlsplit(refused.headers["Location"]).query)
    return Tried(
        "A stolen code at the token endpoint",
        shown.table[["sent", "status", "reason"]],
        f"{shown.summary} Asked to do without PKCE, the login refuses before there is any code: "
        f"{back['error_description'][0]}",
        accepted=shown.accepted,
        refused=shown.refused,
    )


# Taking back.


def revoked(company: Service, flow: Flow) -> View:
    """Revoke a flow's tokens and ask twice who still accepts them: signature alone, and the service.

    Args:
        company: the running back end.
        flow: one with an access token; its consent is gone afterwards.

    Raises:
        LabError: for a flow without an access token.
    """
    if not flow.access_token:
        raise LabError("this flow has no access token: call its exchange() first")
    with _browser(company) as http:
        keys = http.get(authorization.JWKS).json()
    own = issuer(company.settings)
    alone = tokens.Verifier(own.issuer, AUDIENCE, keys)

    def row(when: str) -> list[object]:
        try:
            alone.verify(flow.access_token)
            signature = "accepts"
        except tokens.TokenRefused as refusal:
            signature = refusal.reason
        with _browser(company) as http:
            answer = http.get(
                "/v1/users/123/rides?limit=1",
                headers={"Authorization": f"Bearer {flow.access_token}"},
            )
        told_by = "accepts" if answer.status_code == 200 else f"401: {_reason(answer)}"
        return [when, signature, told_by]

    rows = [row("before")]
    status = flow.revoke().status_code
    rows.append(row("after"))
    return View(
        f"POST /oauth/revoke answers {status}",
        frame(["moment", "a service that looks at signature and claims", "Ridealong's API"], rows),
        "The text of the token is the same in both rows.",
    )


def time_to_stop(ttl_minutes: Sequence[int] = (1, 10, 60), hours: int = 8) -> View:
    """Measure how long a stolen token works after the theft is reported, and what that costs.

    A token is issued, stolen and reported at minute 0. Then the company's verifier is asked every
    minute of its clock, once with the signature alone and once with the list of what is revoked.

    Args:
        ttl_minutes: how long access tokens are good.
        hours: of a shift for which an app needs good tokens.

    Raises:
        LabError: for a time of less than a minute.
    """
    if not ttl_minutes or min(ttl_minutes) < 1:
        raise LabError("a token is good for a minute or more: write time_to_stop([1, 10, 60])")
    rows = []
    for ttl in ttl_minutes:
        counted = _minutes_accepted(ttl)
        rows.append([ttl, counted[0], counted[1], -(-hours * _MINUTE // ttl)])
    return View(
        "A token that is stolen and reported at minute 0",
        frame(
            [
                "token good for, minutes",
                "then accepted for, minutes: signature alone",
                "the same with a list of what is revoked",
                f"tokens that an app fetches in {hours} hours",
            ],
            rows,
        ),
        "The list is a lookup in shared state at every single request; without it there is none.",
        counts=(f"tokens that an app fetches in {hours} hours",),
    )


def _minutes_accepted(ttl_minutes: int) -> list[int]:
    """Return for how many minutes a revoked token is accepted: by its signature, and with a list."""
    now = [0.0]

    def clock() -> float:
        return now[0]

    own = tokens.Issuer("https://login.ridealong.example", AUDIENCE, clock=clock)
    token = own.issue(
        subject="rider-123",
        role="rider",
        client_id="trip-diary",
        scopes=["rides:read"],
        ttl_seconds=ttl_minutes * _MINUTE,
    )
    store = authorization.MemoryStore(clock=clock)
    store.revoke(own.verifier().verify(token).token_id, ttl_minutes * _MINUTE)
    counted = []
    for verifier in (own.verifier(), own.verifier(is_revoked=store.is_revoked)):
        good = 0
        for minute in range(ttl_minutes + 2):
            now[0] = minute * float(_MINUTE)
            with contextlib.suppress(tokens.TokenRefused):
                verifier.verify(token)
                good += 1
        counted.append(good)
    return counted


# Scopes.

GATES: Final[Mapping[str, Sequence[tuple[str, str]]]] = {
    "see-a-ride": [("GET", f"/v1/rides/{NOBODYS_RIDE}")],
    "list-rides": [("GET", f"/v1/users/{NOBODYS_RIDE}/rides")],
    "ask-for-a-ride": [("POST", "/v1/rides")],
    "accept-a-ride": [("POST", f"/v1/rides/{NOBODYS_RIDE}/accept")],
    "cancel-a-ride": [("POST", f"/v1/rides/{NOBODYS_RIDE}/cancel")],
    "ask-for-a-price": [("POST", "/v1/quotes")],
    "count-free-drivers": [("GET", "/v1/cities/1/available-drivers")],
    "report-a-location": [("PUT", f"/v1/drivers/{NOBODYS_RIDE}/location")],
    "pay-for-a-ride": [("POST", f"/v1/rides/{NOBODYS_RIDE}/payments")],
    "see-payments": [("GET", f"/v1/rides/{NOBODYS_RIDE}/payments")],
    "receipts-screen": [
        ("GET", f"/v1/users/{NOBODYS_RIDE}/rides"),
        ("GET", f"/v1/rides/{NOBODYS_RIDE}/payments"),
    ],
    "booking-screen": [("POST", "/v1/quotes"), ("POST", "/v1/rides")],
}
"""The requests of each row of the scope table, to things that are not there or without a body."""

_SUBJECTS: Final = {
    "rider": "rider-123",
    "driver": "driver-57",
    "support": "support-1",
    "partner": "harbour-hotels",
}


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Scopes(View):
    """A scope table on the running back end.

    Attributes:
        tried: how many pairs of row and role were tried.
        as_said: how many of them the service let in or refused as the table says.
    """

    tried: int = 0
    as_said: int = 0


def try_scopes(company: Service, table: Mapping[str, Any]) -> Scopes:
    """Try a scope table: every row as every role, with a token of exactly the row's scopes.

    Then once more with each scope left out, as the first role of the row. The requests name things
    that are not there, so nothing changes: 401 and 403 are a refusal at the gate, any other answer
    means that the caller was let in.

    Args:
        company: the running back end.
        table: rows with `scopes` and `roles`, as the answer `scope_table`.

    Raises:
        LabError: for something that is no such table.
    """
    if not isinstance(table, dict) or not table:
        raise LabError("there is no table yet: answer scope_table first, then run this cell again")
    rows, tried, as_said = [], 0, 0
    with _browser(company) as http:
        for name, cells in table.items():
            gates = GATES.get(str(name))
            if gates is None or not isinstance(cells, dict):
                raise LabError(f"{name!r} is no row of the task with its scopes and roles")
            scopes, roles = _listed(cells.get("scopes")), _listed(cells.get("roles"))
            let_in = [role for role in _SUBJECTS if _passes(company, http, gates, role, scopes)]
            tried += len(_SUBJECTS)
            as_said += sum((role in let_in) == (role in roles) for role in _SUBJECTS)
            as_role = next((role for role in _SUBJECTS if role in let_in), "")
            spare = [
                scope
                for scope in scopes
                if as_role
                and _passes(company, http, gates, as_role, [s for s in scopes if s != scope])
            ]
            verdict = (
                "as your table says" if set(let_in) == set(roles) else "not as your table says"
            )
            if spare:
                verdict += f"; works without {', '.join(spare)}"
            rows.append([str(name), ", ".join(scopes), ", ".join(let_in) or "nobody", verdict])
    return Scopes(
        "Your table on the running service",
        frame(["row", "scopes of the token", "let in", "so it is"], rows),
        f"{as_said} of {tried} pairs of row and role are let in or refused as your table says.",
        tried=tried,
        as_said=as_said,
    )


def _passes(
    company: Service,
    http: httpx.Client,
    gates: Sequence[tuple[str, str]],
    role: str,
    scopes: Sequence[str],
) -> bool:
    token = company.token(_SUBJECTS[role], role, frozenset(scopes))
    head = {"Authorization": f"Bearer {token}"}
    return all(
        http.request(method, path, headers=head).status_code not in (401, 403)
        for method, path in gates
    )


def _listed(value: Any) -> list[str]:
    return [str(each) for each in (value if isinstance(value, list) else [value]) if each]
