"""Second factors at sign-in: one-time codes of an authenticator, and passkeys. They open a session; they never sign."""
