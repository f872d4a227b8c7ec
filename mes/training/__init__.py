"""Training: who was trained on which approved edition of a recipe, by whom, until when. It gates every step."""
