"""Sending files to the server's page, and saving those that others have sent."""
