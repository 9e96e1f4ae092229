"""What goes over the API's wire, by topic: requests and answers with their bounds and examples."""
