"""Single sign-on by OpenID Connect: who the site's own issuer says is there, for accounts linked to it beforehand."""
