"""Access: who came and went, what was tried in vain, and the recurring review of who may do what."""
