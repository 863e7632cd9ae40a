using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using WebSmtp.Mta.Queue;

namespace WebSmtp.Storage.Configurations;

// Each index on Messages and Recipients is paid for by every message that comes in. The partial ones hold only what is
// alive, leased, or over, and are free for the rest.

sealed class MessageConfiguration : IEntityTypeConfiguration<Message>
{
    /// <summary>When the last recipient came to its end; null while one lives. History is purged by it.</summary>
    public const string EndedAt = "EndedAt";

    public void Configure(EntityTypeBuilder<Message> builder)
    {
        builder.ToTable("Messages");
        builder.Property(m => m.Id).ValueGeneratedNever();
        builder.Property<DateTimeOffset?>(EndedAt);
        builder.HasMany(m => m.Recipients).WithOne().HasForeignKey(r => r.MessageId).OnDelete(DeleteBehavior.Cascade);

        // Two halves instead of one index, so that no planner walks through the history to find what lives.
        builder.HasIndex(m => new { m.SiteId, m.Id }, "IX_Messages_Live").HasFilter("\"LiveRecipients\" > 0");
        builder.HasIndex(m => new { m.SiteId, m.Id }, "IX_Messages_Ended").HasFilter("\"LiveRecipients\" <= 0");
        builder.HasIndex(m => new { m.SiteId, m.Size, m.Id }, "IX_Messages_Large").HasFilter("\"LiveRecipients\" > 0 AND \"Size\" >= 65536");
        builder.HasIndex([EndedAt], "IX_Messages_EndedAt").HasFilter("\"EndedAt\" IS NOT NULL");
        builder.HasIndex(m => m.ContentPath, "IX_Messages_ContentPath").HasFilter("\"ContentPath\" IS NOT NULL");
    }
}

sealed class RecipientConfiguration : IEntityTypeConfiguration<Recipient>
{
    /// <summary>True when it was accepted as held, not queued: the first line of its trace.</summary>
    public const string AcceptedHeld = "AcceptedHeld";

    public void Configure(EntityTypeBuilder<Recipient> builder)
    {
        builder.ToTable("Recipients");
        builder.Property(r => r.Domain).HasMaxLength(255);
        builder.Property(r => r.Lease).HasMaxLength(255);
        builder.Property(r => r.ViaDomain).HasMaxLength(255);
        builder.Property(r => r.ViaSmartHost).HasMaxLength(256);
        builder.Property<bool>(AcceptedHeld);

        builder.HasIndex(r => r.MessageId);
        builder.HasIndex(r => new { r.SiteId, r.State, r.Domain, r.MessageId });
        builder.HasIndex(r => new { r.SiteId, r.DueAt, r.Domain }, "IX_Recipients_Due").HasFilter("\"State\" = 'queued'");
        builder.HasIndex(r => new { r.Lease, r.LeaseUntil }, "IX_Recipients_Leased").HasFilter("\"Lease\" IS NOT NULL");
    }
}

sealed class ContentConfiguration : IEntityTypeConfiguration<Content>
{
    public void Configure(EntityTypeBuilder<Content> builder)
    {
        builder.ToTable("Contents");
        builder.HasKey(c => c.MessageId);
        builder.Property(c => c.MessageId).ValueGeneratedNever();
        builder.HasOne<Message>().WithOne().HasForeignKey<Content>(c => c.MessageId).OnDelete(DeleteBehavior.Cascade);
    }
}

sealed class DestinationConfiguration : IEntityTypeConfiguration<Destination>
{
    public void Configure(EntityTypeBuilder<Destination> builder)
    {
        builder.ToTable("Destinations");
        builder.HasKey(d => new { d.SiteId, d.Domain });
        builder.Property(d => d.Domain).HasMaxLength(255);
        builder.Property(d => d.Reversed).HasMaxLength(255);
        builder.HasIndex(d => new { d.SiteId, d.Reversed });
    }
}

sealed class TraceEventConfiguration : IEntityTypeConfiguration<TraceEvent>
{
    public void Configure(EntityTypeBuilder<TraceEvent> builder)
    {
        builder.ToTable("TraceEvents");
        builder.Property(t => t.Event).HasMaxLength(32);
        builder.Property(t => t.Stage).HasMaxLength(16);
        builder.HasIndex(t => t.MessageId);
        builder.HasOne<Message>().WithMany().HasForeignKey(t => t.MessageId).OnDelete(DeleteBehavior.Cascade);
    }
}

sealed class RejectionConfiguration : IEntityTypeConfiguration<Rejection>
{
    public void Configure(EntityTypeBuilder<Rejection> builder)
    {
        builder.ToTable("Rejections");
        builder.Property(r => r.Stage).HasMaxLength(16);
        builder.Property(r => r.Id).ValueGeneratedNever();
        builder.HasIndex(r => new { r.SiteId, r.Id });
    }
}

sealed class TraceKeyConfiguration : IEntityTypeConfiguration<TraceKey>
{
    public void Configure(EntityTypeBuilder<TraceKey> builder)
    {
        builder.ToTable("TraceKeys");
        builder.HasKey(k => new { k.Bucket, k.Key, k.MessageId });
    }
}

sealed class StoppedDestinationConfiguration : IEntityTypeConfiguration<StoppedDestination>
{
    public void Configure(EntityTypeBuilder<StoppedDestination> builder)
    {
        builder.ToTable("StoppedDestinations");
        builder.HasKey(d => new { d.SiteId, d.Domain });
        builder.Property(d => d.Domain).HasMaxLength(255);
    }
}
