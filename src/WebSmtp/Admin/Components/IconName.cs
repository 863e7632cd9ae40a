namespace WebSmtp.Admin.Components;

public enum IconName
{
    Overview, Held, Queue, Sessions, Sites, Accounts, Domain, Message, Good, Alert, Failed, Info, Play, Pause, Stop, Clock,
    Frozen, Sending, Collect, Folder, Refuse, Relay, Lock, Plus, Edit, Delete, Download, Copy, Menu, Next, Auto, Light, Dark,
    Person, LogOut, Unplugged, Empty, Search, Log, Test, Key, Users, Audit, About, SmartHost, Collector, Chart, Drain, Undo,
    Filter, Keyboard, File,
}

/// <summary>What a state or a note means to the reader; the colour follows, and an icon and a word always stand beside it.</summary>
public enum Tone { Neutral, Good, Waiting, Warning, Bad }
