"""A laboratory to try things in: people, materials and equipment that are all synthetic, and a batch that plays itself.

A database that it was loaded into is marked as a demonstration for good; every page and every document says so.
"""
