"""What all pages share: layout, forms, sessions, problems."""
