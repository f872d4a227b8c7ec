"""The step types, one file each. A file registers how a step that has its keyword is read into fields."""
