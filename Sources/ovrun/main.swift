print("ovrun")
