"""Master batch records: recipes, their editions and approval."""
